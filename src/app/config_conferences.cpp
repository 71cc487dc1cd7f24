#include "app/config_conferences.hpp"

#include "sip/writer.hpp"

#include <algorithm>

namespace callwright::app {
namespace {

constexpr std::int64_t kMostParties = 1000;

}  // namespace

void read_conference(const toml::table& table, Config& config, const Complain& complain) {
  call::ConferenceRoom room;
  for (const auto& [key, node] : table) {
    const std::uint32_t line = key.source().begin.line;
    if (key.str() == "number") {
      room.number = node.value_exact<std::string>().value_or("");
    } else if (key.str() == "max_parties") {
      const std::int64_t most = node.value_exact<std::int64_t>().value_or(0);
      room.max_parties = static_cast<std::size_t>(std::clamp<std::int64_t>(most, 0, kMostParties));
      if (most < 2 || most > kMostParties) {
        complain(line, "conferences.max_parties: expected a number from 2 to 1000");
      }
    } else if (key.str() == "tones") {
      if (!node.is_boolean()) {
        complain(line, "conferences.tones: expected true or false");
      }
      room.tones = node.value_exact<bool>().value_or(false) ? call::Conference::Tones::On : call::Conference::Tones::Off;
    } else {
      complain(line, "conferences." + std::string(key.str()) + ": unknown key");
    }
  }
  const std::uint32_t line = table.source().begin.line;
  const auto same = [&room](const auto& other) { return other.number == room.number; };
  if (room.number.empty() || !sip::is_header_safe(room.number) || room.number.find_first_of("@<>\" :;,") != std::string::npos) {
    complain(line, "conferences.number: expected the user that is called, such as \"8000\" or \"standup\"");
  } else if (std::any_of(config.conferences.begin(), config.conferences.end(), same)) {
    complain(line, "conferences: number \"" + room.number + "\" is there twice");
  }
  config.conferences.push_back(std::move(room));
}

}  // namespace callwright::app
