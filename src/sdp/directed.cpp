#include "sdp/directed.hpp"

namespace callwright::sdp {

std::vector<Direction> directions_of(std::string_view description) {
  std::vector<Direction> directions;
  if (const auto parsed = Description::parse(description)) {
    for (const Media& section : parsed->media) {
      directions.push_back(parsed->direction_of(section));
    }
  }
  return directions;
}

std::string directed(std::string_view description, const std::vector<Direction>& directions, Direction allowed) {
  auto parsed = Description::parse(description);
  if (!parsed) {
    return std::string(description);
  }
  for (std::size_t i = 0; i < parsed->media.size(); ++i) {
    Media& section = parsed->media[i];
    section.set_direction(intersection(i < directions.size() ? directions[i] : Direction::SendRecv, allowed));
  }
  return parsed->to_string();
}

}  // namespace callwright::sdp
