// The engine alone as answerer: INVITE, 180, 200, ACK and, 100 ms later, BYE and its 200, in virtual time and without sockets. What a profile of
// benchmarks/sip_answering.py shows of user code, without the kernel's share.
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/timers.hpp"
#include "sip/user_agent.hpp"

#include <benchmark/benchmark.h>

#include <fmt/format.h>

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

namespace callwright::sip {
namespace {

constexpr std::string_view kSdp =
    "v=0\r\no=user1 53655765 2353687637 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

/// Keeps the tag of what was answered last and counts.
class LastResponse final : public TransportPort {
 public:
  void send(const Flow& /*flow*/, std::string_view message) override {
    ++sent;
    const std::size_t tag = message.find(";tag=", message.find("\r\nTo:"));
    to_tag.assign(message.substr(tag + 5, message.find("\r\n", tag) - tag - 5));
  }
  [[nodiscard]] std::optional<base::SocketAddress> local_address(Transport /*transport*/, const base::SocketAddress& /*remote*/) const override {
    return local;
  }
  [[nodiscard]] bool is_local(const base::SocketAddress& address) const override { return address == local; }
  ConnectionId connect(Transport /*transport*/, const base::SocketAddress& /*remote*/, std::string_view /*server_name*/) override { return {}; }

  base::SocketAddress local{base::IpAddress::v4({127, 0, 0, 1}), 5060};
  std::string to_tag;
  std::size_t sent = 0;
};

class NoResolver final : public Resolver {
 public:
  void query(DnsKind /*kind*/, const std::string& /*name*/, Answer answer) override { answer(DnsRecords{}); }
  void resolve(const std::string& /*host*/, Handler handler) override { handler(base::Error{base::Errc::NotFound, "no names here"}); }
};

/// SIPp's stock caller and the user agent that answers it.
class Exchange final : private UserAgent::Handler, private InviteSessionObserver {
 public:
  explicit Exchange(int rate) : gap_(std::chrono::nanoseconds(std::chrono::seconds(1)) / rate) { user_agent_.set_handler(this); }

  void one_call() {
    clock_.advance(gap_);
    timers_.advance();
    while (!open_.empty() && open_.front().bye_at <= clock_.now()) {
      receive(in_dialog("BYE", 2, "7", open_.front()));
      open_.pop_front();
    }
    const std::size_t number = ++calls_;
    receive(fmt::format(
        "INVITE sip:service@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5061;branch=z9hG4bK-4242-{0}-0\r\nFrom: sipp "
        "<sip:sipp@127.0.0.1:5061>;tag=4242SIPpTag00{0}\r\n"
        "To: service <sip:service@127.0.0.1:5060>\r\nCall-ID: {0}-4242@127.0.0.1\r\nCSeq: 1 INVITE\r\nContact: sip:sipp@127.0.0.1:5061\r\nMax-Forwards: 70\r\n"
        "Subject: Performance Test\r\nContent-Type: application/sdp\r\nContent-Length:   {1}\r\n\r\n{2}",
        number, kSdp.size(), kSdp));
    open_.push_back({number, transport_.to_tag, clock_.now() + std::chrono::milliseconds(100)});
    receive(in_dialog("ACK", 1, "5", open_.back()));
  }

  [[nodiscard]] std::size_t sent() const noexcept { return transport_.sent; }
  [[nodiscard]] std::size_t remembered() { return user_agent_.transactions().server_transactions(); }

 private:
  struct OpenCall {
    std::size_t number;
    std::string to_tag;
    base::TimePoint bye_at;
  };

  static std::string in_dialog(std::string_view method, int cseq, std::string_view branch, const OpenCall& call) {
    return fmt::format(
        "{0} sip:service@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5061;branch=z9hG4bK-4242-{1}-{2}\r\nFrom: sipp "
        "<sip:sipp@127.0.0.1:5061>;tag=4242SIPpTag00{1}\r\n"
        "To: service <sip:service@127.0.0.1:5060>;tag={3}\r\nCall-ID: {1}-4242@127.0.0.1\r\nCSeq: {4} {0}\r\nContact: sip:sipp@127.0.0.1:5061\r\nMax-Forwards: "
        "70\r\n"
        "Subject: Performance Test\r\nContent-Length: 0\r\n\r\n",
        method, call.number, branch, call.to_tag, cseq);
  }

  void receive(const std::string& message) {
    user_agent_.transport_user().on_message({.transport = Transport::Udp, .local = transport_.local, .remote = peer_, .connection = {}}, message);
  }

  void on_request(ServerTransaction& transaction, const Message& request) override {
    auto session = user_agent_.answer(transaction, request, "service", *this);
    InviteSession& answering = *session;
    sessions_.emplace(&answering, std::move(session));
    static_cast<void>(answering.provisional(180, {}));
    static_cast<void>(answering.accept(kSdp));
  }
  void on_ended(InviteSession& session, const SessionEnd& /*end*/) override { user_agent_.retire(std::move(sessions_.extract(&session).mapped())); }

  base::ManualClock clock_;
  base::Timers timers_{clock_};
  base::SystemRandom random_;
  LastResponse transport_;
  NoResolver resolver_;
  UserAgent user_agent_{timers_, random_, transport_, resolver_, {.max_server_transactions = 2'000'000}};
  base::SocketAddress peer_{base::IpAddress::v4({127, 0, 0, 1}), 5061};
  std::chrono::nanoseconds gap_;
  std::deque<OpenCall> open_;
  std::unordered_map<InviteSession*, std::unique_ptr<InviteSession>> sessions_;
  std::size_t calls_ = 0;
};

void answer_calls(benchmark::State& state) {
  Exchange exchange(static_cast<int>(state.range(0)));
  // Until as many are forgotten as come: timers J and L are 32 s.
  for (std::int64_t call = 0; call < state.range(0) * 33; ++call) {
    exchange.one_call();
  }
  const std::size_t before = exchange.sent();
  for (auto _ : state) {
    exchange.one_call();
  }
  const auto calls = static_cast<double>(state.iterations());
  if (static_cast<double>(exchange.sent() - before) != 3 * calls) {
    state.SkipWithError("not every call was answered with three responses");
  }
  state.counters["transactions"] = static_cast<double>(exchange.remembered());
}
BENCHMARK(answer_calls)->Arg(1000)->Arg(3000)->Arg(10000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace callwright::sip
