// The calling side of the SIP benchmark: the product's engine and sockets placing calls like `sipp -sn uac`: INVITE with SDP, ACK, 100 ms later BYE.
//   sip_caller PORT RATE CALLS      calls sip:service@127.0.0.1:PORT
// Prints its own port, then "good N bad M" when the last call is over, then waits for the end of standard input.
#include "base/random.hpp"
#include "net/dns_resolver.hpp"
#include "net/engine_loop.hpp"
#include "net/sip_transports.hpp"
#include "sip/user_agent.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <unordered_map>

namespace {

using namespace callwright;

constexpr std::string_view kOffer =
    "v=0\r\no=callwright 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

class Caller final : private sip::InviteSessionObserver {
 public:
  Caller(net::EngineLoop& loop, sip::UserAgent& user_agent, std::string target, std::size_t rate, std::size_t calls)
      : loop_(loop),
        user_agent_(user_agent),
        target_(std::move(target)),
        rate_(rate),
        left_(calls),
        started_(loop.clock().now()),
        tick_(loop.timers(), base::Callback::to<&Caller::on_tick>(*this)) {
    tick_.start(kTick);
  }

 private:
  static constexpr base::Duration kTick = std::chrono::milliseconds(5);

  /// A call under way; it hangs up 100 ms after the answer.
  struct Call {
    Call(base::Timers& timers, std::unique_ptr<sip::InviteSession> placed)
        : session(std::move(placed)), hang_up(timers, base::Callback::to<&Call::on_hang_up>(*this)) {}
    void on_hang_up() { session->end(); }

    std::unique_ptr<sip::InviteSession> session;
    base::Timer hang_up;
  };

  void on_tick() {
    const auto elapsed = std::chrono::duration<double>(loop_.clock().now() - started_).count();
    const auto due = static_cast<std::size_t>(elapsed * static_cast<double>(rate_));
    while (placed_ < due && left_ > 0) {
      place();
      ++placed_;
      --left_;
    }
    if (left_ > 0) {
      tick_.start(kTick);
    }
  }

  void place() {
    sip::InviteSession::CallerOptions options;
    options.uri = target_;
    options.from = "\"callwright\" <sip:callwright@127.0.0.1>";
    options.to = "<" + target_ + ">";
    options.contact_user = "callwright";
    auto session = user_agent_.call(std::move(options), *this);
    sip::InviteSession& calling = *session;
    calls_.emplace(&calling, std::make_unique<Call>(loop_.timers(), std::move(session)));
    static_cast<void>(calling.invite(kOffer));
  }

  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& /*progress*/) override {
    calls_.at(&session)->hang_up.start(std::chrono::milliseconds(100));
  }
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override {
    end.by == sip::SessionEnd::Party::Local&& end.status == 200 ? ++good_ : ++bad_;
    const auto found = calls_.find(&session);
    user_agent_.retire(std::move(found->second->session));
    calls_.erase(found);
    if (left_ == 0 && calls_.empty()) {
      std::printf("good %zu bad %zu\n", good_, bad_);
      std::fflush(stdout);
    }
  }

  net::EngineLoop& loop_;
  sip::UserAgent& user_agent_;
  std::string target_;
  std::size_t rate_;
  std::size_t left_;
  std::size_t placed_ = 0;
  base::TimePoint started_;
  base::Timer tick_;
  std::unordered_map<sip::InviteSession*, std::unique_ptr<Call>> calls_;
  std::size_t good_ = 0;
  std::size_t bad_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "usage: sip_caller PORT RATE CALLS\n");
    return 2;
  }
  net::EngineLoop loop;
  base::SystemRandom random;
  net::SipTransports transports(loop);
  net::DnsResolver resolver(loop);
  sip::UserAgent user_agent(loop.timers(), random, transports, resolver, {});
  transports.set_user(&user_agent.transport_user());
  const auto address = transports.listen(sip::Transport::Udp, {base::IpAddress::v4({127, 0, 0, 1}), 0});
  if (!address) {
    std::fprintf(stderr, "%s\n", address.error().message().c_str());
    return 1;
  }
  std::printf("%u\n", static_cast<unsigned>(address->port));
  std::fflush(stdout);
  Caller caller(loop, user_agent, std::string("sip:service@127.0.0.1:") + arguments[1], std::strtoul(arguments[2], nullptr, 10),
                std::strtoul(arguments[3], nullptr, 10));
  std::jthread input([&loop] {
    while (std::getchar() != EOF) {
    }
    loop.stop();
  });
  loop.run();
  return 0;
}
