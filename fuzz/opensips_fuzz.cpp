// Whatever an OpenSIPS proxy may send, as answers and as events, and at whatever time: every command ends once, and nothing is left.
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/timers.hpp"
#include "opensips/connector.hpp"
#include "require.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace {

using namespace callwright;

constexpr std::size_t kLongestInput = 16 * 1024;
constexpr base::Duration kPause = std::chrono::milliseconds(700);

/// Remembers the id of the latest request, of which a datagram may speak.
class LastRequest final : public opensips::Wire {
 public:
  void send(std::string_view request) override {
    const auto root = base::parse_json(request, 8);
    require(root.has_value());
    id = opensips::text_of(root->find("id"));
    require(!id.empty());
  }
  std::string id;
};

class NoJournal final : public call::EventSink {
 public:
  void on_event(const call::Event& /*event*/) override {}
};

class Ends final : public call::CommandObserver {
 public:
  void on_command_event(const call::CommandEvent& event) override {
    int& ended = ends[event.command];
    require(ended == 0);
    ended += event.kind == call::CommandEvent::Kind::Ended ? 1 : 0;
  }
  std::map<call::CommandId, int> ends;
};

std::string with_id(std::string_view line, const std::string& id) {
  std::string text(line);
  for (std::size_t at = text.find("$id"); at != std::string::npos; at = text.find("$id", at + id.size())) {
    text.replace(at, 3, id);
  }
  return text;
}

}  // namespace

/// The first byte chooses the command; each line after it is a datagram, in which $id is the id of the latest request; an empty line lets time pass.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kLongestInput) return 0;
  std::string_view input{reinterpret_cast<const char*>(data) + 1, size - 1};
  base::log::set_level(base::log::Level::Off);
  base::ManualClock clock;
  base::Timers timers(clock);
  base::DeterministicRandom random(1);
  LastRequest wire;
  NoJournal journal;
  opensips::Connector connector(timers, random, wire, {}, journal);
  Ends ends;
  const call::Command commands[] = {call::StartCall{"sip:a@p", "sip:b@p", "c1"},
                                    call::TransferCall{{"c1", call::Side::Callee}, "sip:c@p"},
                                    call::TransferCall{{"c1", call::Side::Caller}, "", call::CallParty{"c2", call::Side::Callee}},
                                    call::HoldCall{"c1"},
                                    call::HoldCall{"c1", call::Side::Caller, call::HoldCall::Change::Unhold},
                                    call::EndCall{"c1"}};
  connector.start();
  connector.submit(call::CommandId{1}, commands[data[0] % std::size(commands)], ends);
  while (!input.empty()) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string line = with_id(input.substr(0, end), wire.id);
    input.remove_prefix(std::min(end + 1, input.size()));
    if (line.empty()) {
      clock.advance(kPause);
      timers.advance();
    } else {
      connector.on_datagram(line);
    }
  }
  for (int second = 0; second < 600 && connector.running() > 0; ++second) {
    clock.advance(std::chrono::seconds(1));
    timers.advance();
  }
  require(connector.running() == 0 && ends.ends.size() == 1 && ends.ends.begin()->second == 1);
  return 0;
}
