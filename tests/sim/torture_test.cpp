// The messages of RFC 4475 and RFC 5118, and what becomes of each: whether it can be read, and what a user agent with a registrar answers.
#include "sim/simulated_network.hpp"
#include "sip/registrar.hpp"
#include "sip/user_agent.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;

struct Message {
  std::string_view section;
  std::string_view file;
  std::string_view parsed;    ///< "read", or why it is refused.
  std::string_view answered;  ///< The final status; "nothing" for what is no request, or cannot be answered.
};

void PrintTo(const Message& message, std::ostream* out) { *out << "RFC " << message.section << " " << message.file; }

constexpr Message kMessages[] = {
    {"4475 §3.1.1.1", "rfc4475/wsinv", "read", "481"},  // its To has a tag, of no dialog here.
    {"4475 §3.1.1.2", "rfc4475/intmeth", "a NUL byte in the header",
     "nothing"},  // RFC 4475 has it read; a NUL is refused here on purpose, even a quoted one (src/sip/README.md).
    {"4475 §3.1.1.3", "rfc4475/esc01", "read", "200"},
    {"4475 §3.1.1.4", "rfc4475/escnull", "read", "200"},
    {"4475 §3.1.1.5", "rfc4475/esc02", "read", "405"},  // a method that is not REGISTER.
    {"4475 §3.1.1.6", "rfc4475/lwsdisp", "read", "200"},
    {"4475 §3.1.1.7", "rfc4475/longreq", "read", "200"},
    {"4475 §3.1.1.8", "rfc4475/dblreq", "read", "200"},  // what follows the first request is cut off.
    {"4475 §3.1.1.9", "rfc4475/semiuri", "read", "200"},
    {"4475 §3.1.1.10", "rfc4475/transports", "read", "200"},
    {"4475 §3.1.1.11", "rfc4475/mpart01", "read", "405"},                         // MESSAGE outside a dialog is not taken here.
    {"4475 §3.1.1.12", "rfc4475/unreason", "read", "nothing"},                    // a stray response.
    {"4475 §3.1.1.13", "rfc4475/noreason", "read", "nothing"},                    // a stray response.
    {"4475 §3.1.2.1", "rfc4475/badinv01", "parameter name expected", "nothing"},  // no Via to answer by.
    {"4475 §3.1.2.2", "rfc4475/clerr", "Content-Length is more than the bytes there are", "400"},
    {"4475 §3.1.2.3", "rfc4475/ncl", "Content-Length must be a number", "400"},
    {"4475 §3.1.2.4", "rfc4475/scalar02", "sequence number below 2^31 expected", "nothing"},  // no CSeq to answer with.
    {"4475 §3.1.2.5", "rfc4475/scalarlg", "sequence number below 2^31 expected", "nothing"},  // a response.
    {"4475 §3.1.2.6", "rfc4475/quotbal", "the quoted string has no end", "nothing"},          // no To to answer with.
    {"4475 §3.1.2.7", "rfc4475/ltgtruri", "the Request-URI may not stand in angle brackets", "400"},
    {"4475 §3.1.2.8", "rfc4475/lwsruri", "SIP/2.0 expected", "400"},
    {"4475 §3.1.2.9", "rfc4475/lwsstart", "Request-URI expected", "400"},
    {"4475 §3.1.2.10", "rfc4475/trws", "SIP/2.0 expected", "400"},
    {"4475 §3.1.2.11", "rfc4475/escruri", "read", "400"},
    {"4475 §3.1.2.12", "rfc4475/baddate", "read", "200"},  // nobody here reads Date.
    {"4475 §3.1.2.13", "rfc4475/regbadct", "read", "400"},
    {"4475 §3.1.2.14", "rfc4475/badaspec", "URI scheme expected", "nothing"},  // no To to answer with.
    {"4475 §3.1.2.15", "rfc4475/baddn", "read", "200"},                        // what the sender means is clear.
    {"4475 §3.1.2.16", "rfc4475/badvers", "SIP/2.0 expected", "505"},
    {"4475 §3.1.2.17", "rfc4475/mismatch01", "the method of CSeq is not that of the request", "400"},
    {"4475 §3.1.2.18", "rfc4475/mismatch02", "the method of CSeq is not that of the request", "400"},
    {"4475 §3.1.2.19", "rfc4475/bigcode", "status code from 100 to 699 expected", "nothing"},  // a response.
    {"4475 §3.2.1", "rfc4475/badbranch", "read", "200"},                                       // taken for a request of RFC 2543.
    {"4475 §3.3.1", "rfc4475/insuf", "From is missing", "nothing"},                            // no From, To or Call-ID to answer with.
    {"4475 §3.3.2", "rfc4475/unkscm", "read", "416"},
    {"4475 §3.3.3", "rfc4475/novelsc", "read", "416"},
    {"4475 §3.3.4", "rfc4475/unksm2", "read", "404"},
    {"4475 §3.3.5", "rfc4475/bext01", "read", "420"},
    {"4475 §3.3.6", "rfc4475/invut", "read", "415"},
    {"4475 §3.3.7", "rfc4475/regaut01", "read", "200"},  // this registrar asks nobody for credentials.
    {"4475 §3.3.8", "rfc4475/multi01", "CSeq is there twice", "400"},
    {"4475 §3.3.9", "rfc4475/mcl01", "two different values of Content-Length", "400"},
    {"4475 §3.3.10", "rfc4475/bcast", "read", "nothing"},  // a stray response.
    {"4475 §3.3.11", "rfc4475/zeromf", "read", "200"},     // for us, so it goes no further.
    {"4475 §3.3.12", "rfc4475/cparam01", "read", "200"},
    {"4475 §3.3.13", "rfc4475/cparam02", "read", "200"},
    {"4475 §3.3.14", "rfc4475/regescrt", "read", "200"},
    {"4475 §3.3.15", "rfc4475/sdp01", "read", "406"},
    {"4475 §3.4.1", "rfc4475/inv2543", "read", "200"},
    {"5118 §4.1", "rfc5118/ipv6-good", "read", "200"},
    {"5118 §4.2", "rfc5118/ipv6-bad", "read", "400"},
    {"5118 §4.3", "rfc5118/port-ambiguous", "read", "200"},
    {"5118 §4.4", "rfc5118/port-unambiguous", "read", "200"},
    {"5118 §4.5", "rfc5118/via-received-param-with-delim", "read", "481"},
    {"5118 §4.5", "rfc5118/via-received-param-no-delim", "read", "200"},
    {"5118 §4.6", "rfc5118/ipv6-in-sdp", "read", "200"},
    {"5118 §4.7", "rfc5118/mult-ip-in-header", "read", "481"},
    {"5118 §4.8", "rfc5118/mult-ip-in-sdp", "read", "200"},
    {"5118 §4.9", "rfc5118/ipv4-mapped-ipv6", "read", "200"},
    {"5118 §4.10", "rfc5118/ipv6-bug-abnf-3-colons", "read", "200"},  // a wrong grammar of RFC 3261 allowed it.
    {"5118 §4.10", "rfc5118/ipv6-correct-abnf-2-colons", "read", "200"},
};

std::string content_of(std::string_view file) {
  std::ifstream stream(std::string(CALLWRIGHT_TORTURE) + "/" + std::string(file) + ".dat", std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Answers calls with 200, and is the registrar of everybody.
class Server final : private sip::UserAgent::Handler, private sip::InviteSessionObserver {
 public:
  Server() : agent_(network_.timers(), network_.random(), node_, resolver_, {}), registrar_(network_.timers(), network_.random(), {}) {
    agent_.set_handler(this);
    node_.attach(agent_.transport_user());
    network_.set_tap([this](const Packet& packet) { note(packet); });
  }
  ~Server() override { network_.set_tap({}); }

  /// The final status that this message is answered with.
  std::string answer_to(std::string_view message) {
    network_.inject(base::SocketAddress::parse("192.0.2.9:5060").value(), node_.address(), message);
    network_.run_for(1s);
    const std::string answer = answer_;
    agent_.retire(std::move(session_));
    EXPECT_TRUE(network_.run_until_idle(3h));
    EXPECT_EQ(agent_.dialogs() + agent_.retired() + agent_.transactions().server_transactions() + agent_.transactions().client_transactions(), 0U);
    return answer;
  }

 private:
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override {
    if (request.method() == sip::Method::Invite) {
      session_ = agent_.answer(transaction, request, "us", *this);
      EXPECT_TRUE(session_->accept("v=0 answer"));
    } else if (request.method() == sip::Method::Register) {
      const auto uri = sip::UriView::parse(request.to().uri);
      if (uri) {
        registrar_.handle(transaction, request, uri->address_of_record());
      } else {
        transaction.respond({.status = 404});
      }
    } else {
      transaction.respond({.status = 405, .headers = sip::UserAgent::kAllow});
    }
  }
  void on_ended(sip::InviteSession& /*session*/, const sip::SessionEnd& /*end*/) override {}
  void note(const Packet& packet) {
    // Not parsed: the Via of a 505 is as foreign as that of the request.
    constexpr std::string_view kStart = "SIP/2.0 ";
    const bool final_response = packet.message.starts_with(kStart) && packet.message[kStart.size()] != '1';
    if (packet.from == node_.address() && final_response && answer_ == "nothing") {
      answer_ = packet.message.substr(kStart.size(), 3);
    }
  }

  SimulatedNetwork network_{1};
  FakeResolver resolver_;
  Node& node_{network_.add_node("192.0.2.1:5060")};
  sip::UserAgent agent_;
  sip::Registrar registrar_;
  std::unique_ptr<sip::InviteSession> session_;
  std::string answer_ = "nothing";
};

class Torture : public ::testing::TestWithParam<Message> {};

TEST_P(Torture, is_taken_as_the_table_says) {
  const std::string content = content_of(GetParam().file);
  ASSERT_FALSE(content.empty());
  sip::Message message;
  const bool parsed = message.parse(content);
  EXPECT_EQ(parsed ? "read" : message.error().reason, GetParam().parsed);
  EXPECT_EQ(Server().answer_to(content), GetParam().answered);
}

INSTANTIATE_TEST_SUITE_P(message, Torture, ::testing::ValuesIn(kMessages), [](const auto& each) {
  std::string name(each.param.file.substr(each.param.file.find('/') + 1));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace callwright::simulation
