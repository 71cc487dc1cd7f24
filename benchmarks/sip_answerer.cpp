// The answering side of the SIP benchmark: the product's engine and sockets with a user agent that answers every call like `sipp -sn uas`,
// 180 and 200 with SDP at once. Prints its port, then runs until standard input ends, then prints what is left.
#include "base/random.hpp"
#include "net/dns_resolver.hpp"
#include "net/engine_loop.hpp"
#include "net/sip_transports.hpp"
#include "sip/user_agent.hpp"

#include <cstdio>
#include <memory>
#include <thread>

namespace {

using namespace callwright;

constexpr std::string_view kAnswer =
    "v=0\r\no=callwright 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

class Answerer final : public sip::UserAgent::Handler, private sip::InviteSessionObserver {
 public:
  explicit Answerer(sip::UserAgent& user_agent) : user_agent_(user_agent) { user_agent_.set_handler(this); }

  [[nodiscard]] std::size_t calls() const noexcept { return calls_; }

 private:
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override {
    if (request.method() != sip::Method::Invite) {
      transaction.respond({.status = 405});
      return;
    }
    auto session = user_agent_.answer(transaction, request, "service", *this);
    sip::InviteSession& answering = *session;
    sessions_.emplace(&answering, std::move(session));
    static_cast<void>(answering.provisional(180, {}));
    static_cast<void>(answering.accept(kAnswer));
    ++calls_;
  }
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& /*end*/) override { user_agent_.retire(std::move(sessions_.extract(&session).mapped())); }

  sip::UserAgent& user_agent_;
  std::unordered_map<sip::InviteSession*, std::unique_ptr<sip::InviteSession>> sessions_;
  std::size_t calls_ = 0;
};

}  // namespace

int main() {
  net::EngineLoop loop;
  base::SystemRandom random;
  net::SipTransports transports(loop);
  net::DnsResolver resolver(loop);
  sip::TransactionLayer::Settings settings;
  settings.max_server_transactions = 2'000'000;
  sip::UserAgent user_agent(loop.timers(), random, transports, resolver, settings);
  transports.set_user(&user_agent.transport_user());
  Answerer answerer(user_agent);
  const auto address = transports.listen(sip::Transport::Udp, {base::IpAddress::v4({127, 0, 0, 1}), 0});
  if (!address) {
    std::fprintf(stderr, "%s\n", address.error().message().c_str());
    return 1;
  }
  std::printf("%u\n", static_cast<unsigned>(address->port));
  std::fflush(stdout);
  std::jthread input([&loop] {
    while (std::getchar() != EOF) {
    }
    loop.stop();
  });
  loop.run();
  std::printf("calls %zu, transactions %zu, dialogs %zu\n", answerer.calls(), user_agent.transactions().server_transactions(), user_agent.dialogs());
  return 0;
}
