#include "sdp/description.hpp"

#include "sdp/text.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <utility>

namespace callwright::sdp {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::array<std::pair<Direction, std::string_view>, 4> kDirections{{
    {Direction::SendRecv, "sendrecv"},
    {Direction::SendOnly, "sendonly"},
    {Direction::RecvOnly, "recvonly"},
    {Direction::Inactive, "inactive"},
}};

struct StaticType {
  std::uint8_t number;
  std::string_view encoding;
  std::uint32_t clock_rate;
};

/// RFC 3551 §6, the audio types that are still met. G722 counts at 8000 by an old mistake that the RFC keeps.
constexpr std::array<StaticType, 8> kStaticTypes{{
    {0, "PCMU", 8000},
    {3, "GSM", 8000},
    {4, "G723", 8000},
    {8, "PCMA", 8000},
    {9, "G722", 8000},
    {13, "CN", 8000},
    {15, "G728", 8000},
    {18, "G729", 8000},
}};

std::optional<Direction> direction_named(std::string_view text) noexcept {
  for (const auto& [direction, name] : kDirections) {
    if (text == name) {
      return direction;
    }
  }
  return std::nullopt;
}

std::optional<Direction> direction_in(const Attributes& attributes) noexcept {
  for (const Attribute& attribute : attributes) {
    if (const auto direction = direction_named(attribute.name)) {
      return direction;
    }
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> milliseconds_in(const Attributes& attributes, std::string_view name) noexcept {
  const Attribute* attribute = find_attribute(attributes, name);
  if (attribute == nullptr || !attribute->value) {
    return std::nullopt;
  }
  std::string_view rest = *attribute->value;
  const auto number = text::to_number<std::uint32_t>(text::next_word(rest));
  if (!number || *number == 0 || *number > 1000) {
    return std::nullopt;
  }
  return std::chrono::milliseconds(*number);
}

/// The value of `a=name:<payload type> value`, if this attribute is one.
std::optional<std::string_view> value_for(const Attribute& attribute, std::string_view name, PayloadType type) noexcept {
  if (attribute.name != name || !attribute.value) {
    return std::nullopt;
  }
  std::string_view rest = *attribute.value;
  const auto number = text::to_number<std::uint8_t>(text::next_word(rest));
  if (!number || *number != static_cast<std::uint8_t>(type)) {
    return std::nullopt;
  }
  return rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
}

std::optional<RtpMap> parse_rtpmap(std::string_view value) {
  std::string_view rest = text::next_word(value);
  RtpMap map;
  map.encoding = text::next_word(rest, '/');
  const auto rate = text::to_number<std::uint32_t>(text::next_word(rest, '/'));
  const std::string_view channels = text::next_word(rest, '/');
  const auto count = channels.empty() ? std::optional<std::uint32_t>(1) : text::to_number<std::uint32_t>(channels);
  if (map.encoding.empty() || !rate || *rate == 0 || !count || *count == 0) {
    return std::nullopt;
  }
  map.clock_rate = *rate;
  map.channels = *count;
  return map;
}

Error no_address(std::string reason) { return {Errc::InvalidArgument, "The session description " + std::move(reason)}; }

}  // namespace

std::string_view to_string(Direction direction) noexcept { return kDirections[static_cast<std::size_t>(direction)].second; }

bool sends(Direction direction) noexcept { return direction == Direction::SendRecv || direction == Direction::SendOnly; }

bool receives(Direction direction) noexcept { return direction == Direction::SendRecv || direction == Direction::RecvOnly; }

Direction make_direction(bool send, bool receive) noexcept {
  if (send) {
    return receive ? Direction::SendRecv : Direction::SendOnly;
  }
  return receive ? Direction::RecvOnly : Direction::Inactive;
}

Direction reversed(Direction direction) noexcept { return make_direction(receives(direction), sends(direction)); }

Direction intersection(Direction left, Direction right) noexcept { return make_direction(sends(left) && sends(right), receives(left) && receives(right)); }

const Attribute* find_attribute(const Attributes& attributes, std::string_view name) noexcept {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [name](const Attribute& attribute) { return attribute.name == name; });
  return found == attributes.end() ? nullptr : &*found;
}

Connection Connection::to(const base::IpAddress& address) { return {"IN", address.is_v4() ? "IP4" : "IP6", address.to_string()}; }

Result<base::IpAddress> Connection::ip() const { return base::IpAddress::parse(address); }

std::optional<Direction> Media::direction() const noexcept { return direction_in(attributes); }

void Media::set_direction(Direction direction) {
  std::erase_if(attributes, [](const Attribute& attribute) { return direction_named(attribute.name).has_value(); });
  attributes.push_back({std::string(sdp::to_string(direction)), std::nullopt});
}

std::optional<std::chrono::milliseconds> Media::ptime() const noexcept { return milliseconds_in(attributes, "ptime"); }

std::optional<std::chrono::milliseconds> Media::max_ptime() const noexcept { return milliseconds_in(attributes, "maxptime"); }

std::optional<RtpMap> Media::rtpmap(PayloadType format) const {
  for (const Attribute& attribute : attributes) {
    if (const auto value = value_for(attribute, "rtpmap", format)) {
      return parse_rtpmap(*value);
    }
  }
  for (const StaticType& known : kStaticTypes) {
    if (known.number == static_cast<std::uint8_t>(format)) {
      return RtpMap{std::string(known.encoding), known.clock_rate, 1};
    }
  }
  return std::nullopt;
}

std::string_view Media::fmtp(PayloadType format) const noexcept {
  for (const Attribute& attribute : attributes) {
    if (const auto value = value_for(attribute, "fmtp", format)) {
      return *value;
    }
  }
  return {};
}

std::vector<PayloadType> Media::payload_types() const {
  std::vector<PayloadType> types;
  std::bitset<128> there;
  for (const std::string& format : formats) {
    const auto number = text::to_number<std::uint8_t>(format);
    if (number && *number <= 127 && !there[*number]) {
      there.set(*number);
      types.push_back(PayloadType{*number});
    }
  }
  return types;
}

const Connection* Description::connection_of(const Media& section) const noexcept {
  if (section.connection) {
    return &*section.connection;
  }
  return connection ? &*connection : nullptr;
}

Direction Description::direction_of(const Media& section) const noexcept {
  if (const auto own = section.direction()) {
    return *own;
  }
  return direction_in(attributes).value_or(Direction::SendRecv);
}

Result<base::SocketAddress> Description::rtp_address_of(const Media& section) const {
  const Connection* where = connection_of(section);
  if (where == nullptr) {
    return no_address("has no c= line for its " + section.type + " medium");
  }
  const auto ip = where->ip();
  if (!ip) {
    return no_address("has a c= line without a literal unicast address (\"" + where->address + "\")");
  }
  if (section.port == 0) {
    return no_address("switches its " + section.type + " medium off (port 0)");
  }
  return base::SocketAddress{*ip, section.port};
}

Result<base::SocketAddress> Description::rtcp_address_of(const Media& section) const {
  auto address = rtp_address_of(section);
  if (!address) {
    return address;
  }
  const Attribute* rtcp = find_attribute(section.attributes, "rtcp");
  if (rtcp == nullptr || !rtcp->value) {
    address->port = static_cast<std::uint16_t>(section.port == 65535 ? 65535 : section.port + 1);
    return address;
  }
  std::string_view rest = *rtcp->value;
  const auto port = text::to_number<std::uint16_t>(text::next_word(rest));
  if (!port || *port == 0) {
    return no_address("has an a=rtcp attribute without a port (\"" + *rtcp->value + "\")");
  }
  address->port = *port;
  text::next_word(rest);
  text::next_word(rest);
  if (const std::string_view host = text::next_word(rest); !host.empty()) {
    auto ip = base::IpAddress::parse(host);
    if (!ip) {
      return ip.error();
    }
    address->ip = *ip;
  }
  return address;
}

bool Description::is_held(const Media& section) const noexcept {
  if (!receives(direction_of(section))) {
    return true;
  }
  const Connection* where = connection_of(section);
  if (where == nullptr) {
    return false;
  }
  return where->address == "0.0.0.0" || where->address == "::";
}

}  // namespace callwright::sdp
