#include "verify/ladder.hpp"

#include "sip/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace callwright::verify {
namespace {

constexpr std::size_t kTimeWidth = 10;
constexpr std::size_t kLaneGap = 32;

std::string label_of(std::string_view text) {
  sip::Message message;
  if (!message.parse(text)) {
    return "(unreadable)";
  }
  const std::string_view with_sdp = message.content_type() == "application/sdp" ? " (SDP)" : "";
  if (message.is_request()) {
    return fmt::format("{}{}", message.method_text(), with_sdp);
  }
  return fmt::format("{} {}{}", message.status(), message.reason(), with_sdp);
}

std::size_t lane_of(std::vector<LadderLane>& lanes, const base::SocketAddress& address) {
  for (std::size_t index = 0; index < lanes.size(); ++index) {
    if (std::find(lanes[index].addresses.begin(), lanes[index].addresses.end(), address) != lanes[index].addresses.end()) {
      return index;
    }
  }
  lanes.push_back({address.to_string(), {address}});
  return lanes.size() - 1;
}

std::size_t column_of(std::size_t lane) { return kTimeWidth + lane * kLaneGap; }

std::string blank_line(std::size_t lanes) {
  std::string line(column_of(lanes - 1) + 1, ' ');
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    line[column_of(lane)] = '|';
  }
  return line;
}

std::string heading(const std::vector<LadderLane>& lanes) {
  std::string line(column_of(lanes.size()) + kLaneGap, ' ');
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    const std::string name = lanes[lane].name.substr(0, kLaneGap - 2);
    const std::size_t centre = column_of(lane);
    line.replace(centre - std::min(centre, name.size() / 2), name.size(), name);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string arrow(std::size_t lanes, std::size_t from, std::size_t to, std::string label) {
  std::string line = blank_line(lanes);
  if (from == to) {
    return line + " " + label;
  }
  const std::size_t left = column_of(std::min(from, to)) + 1;
  const std::size_t right = column_of(std::max(from, to)) - 1;
  line.replace(left, right - left + 1, std::string(right - left + 1, '-'));
  line[from < to ? right : left] = from < to ? '>' : '<';
  const std::size_t space = right - left - 3;
  if (label.size() > space) {
    label.resize(space);
  }
  const std::size_t start = left + (right - left + 1 - label.size() - 2) / 2;
  line.replace(start, label.size() + 2, " " + label + " ");
  return line;
}

}  // namespace

std::string draw_ladder(const std::vector<LadderMessage>& messages, std::vector<LadderLane> lanes) {
  for (const LadderMessage& message : messages) {
    static_cast<void>(lane_of(lanes, message.from));
    static_cast<void>(lane_of(lanes, message.to));
  }
  if (lanes.empty() || messages.empty()) {
    return {};
  }
  std::string text = heading(lanes) + "\n";
  for (const LadderMessage& message : messages) {
    const double seconds = std::chrono::duration<double>(message.time - messages.front().time).count();
    std::string line = arrow(lanes.size(), lane_of(lanes, message.from), lane_of(lanes, message.to), label_of(message.text));
    const std::string time = fmt::format("{:8.3f}", seconds);
    line.replace(0, time.size(), time);
    text += line + "\n";
  }
  return text;
}

}  // namespace callwright::verify
