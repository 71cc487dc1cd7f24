#include "app/follow_view.hpp"

#include "server/call_api/json_values.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace callwright::app {

using server::call_api::append_json;
using server::call_api::Json;
using server::call_api::MemberOrder;

namespace {

constexpr std::size_t kMaxDepth = 32;

std::string json_of(const Json& value) {
  std::string text;
  append_json(text, value, MemberOrder::AsGiven);
  return text;
}

std::string plain(const Json& value) {
  std::string text = value.string() != nullptr ? *value.string() : json_of(value);
  std::replace_if(
      text.begin(), text.end(), [](char character) { return static_cast<unsigned char>(character) < 0x20 || character == 0x7F; }, '?');
  return text;
}

std::string text_in(const Json* object, std::string_view name) {
  const Json* const member = object == nullptr ? nullptr : object->find(name);
  return member == nullptr || member->string() == nullptr ? std::string() : *member->string();
}

/// The time of day in an RFC 3339 time, to the millisecond; "" when it is none.
std::string time_of_day(const std::string& time) {
  constexpr std::size_t kDate = 11;
  constexpr std::size_t kLength = 12;
  return time.size() > kDate + kLength && time[kDate - 1] == 'T' ? time.substr(kDate, kLength) : std::string();
}

/// ECMA-48 SGR.
std::string_view colour_of(const std::string& event) {
  constexpr std::pair<std::string_view, std::string_view> kColours[] = {{"Error", "31"},      {"Missed", "33"},    {"PhoneLost", "33"}, {"CallAnswered", "32"},
                                                                        {"Registered", "32"}, {"PhoneBack", "32"}, {"CallEnded", "2"},  {"Unregistered", "2"}};
  const auto* const found = std::find_if(std::begin(kColours), std::end(kColours), [&](const auto& known) { return known.first == event; });
  return found == std::end(kColours) ? "36" : found->second;
}

}  // namespace

std::optional<FollowedMessage> FollowedMessage::parse(std::string_view text) {
  const auto json = server::call_api::parse_json(text, kMaxDepth);
  if (!json || json->object() == nullptr) {
    return std::nullopt;
  }
  FollowedMessage message;
  const Json* const id = json->find("id");
  message.id = id == nullptr ? std::string() : json_of(*id);
  message.method = text_in(&*json, "method");
  if (const Json* const error = json->find("error")) {
    message.error = text_in(error, "message");
    return message;
  }
  const Json* const params = json->find("params");
  const Json* const body = params != nullptr ? params : json->find("result");
  message.event = text_in(body, "event");
  if (const Json* const data = body == nullptr ? nullptr : body->find("data")) {
    message.data = *data;
  }
  return body == nullptr ? std::nullopt : std::optional(std::move(message));
}

std::string FollowedMessage::text(std::string_view name) const { return text_in(&data, name); }

std::optional<std::uint64_t> FollowedMessage::sequence() const {
  const Json* const member = data.find("seq");
  const auto* const number = member == nullptr ? nullptr : std::get_if<Json::Number>(&member->value);
  std::uint64_t sequence = 0;
  if (number == nullptr || std::from_chars(number->text.data(), number->text.data() + number->text.size(), sequence).ec != std::errc()) {
    return std::nullopt;
  }
  return sequence;
}

std::string json_line(const FollowedMessage& message) {
  Json::Object line{{"method", server::call_api::json_text(message.method)}, {"event", server::call_api::json_text(message.event)}};
  if (!std::holds_alternative<std::nullptr_t>(message.data.value)) {
    line.push_back({"data", message.data});
  }
  return json_of(Json{std::move(line)});
}

std::string text_line(const FollowedMessage& message, Colours colours) {
  const std::string time = time_of_day(message.text("time"));
  std::string line = time.empty() ? std::string() : time + "  ";
  const std::string event = plain(Json{message.event});
  line += colours == Colours::On ? "\x1b[" + std::string(colour_of(message.event)) + "m" + event + "\x1b[0m" : event;
  if (message.data.object() == nullptr) {
    return std::holds_alternative<std::nullptr_t>(message.data.value) ? line : line + "  " + plain(message.data);
  }
  for (const Json::Member& member : *message.data.object()) {
    if (member.name != "time" || time.empty()) {
      line += "  " + plain(Json{member.name}) + "=" + plain(member.value);
    }
  }
  return line;
}

void FeedPosition::note(const FollowedMessage& message) {
  const auto sequence = message.sequence();
  if (message.event == "Subscribed") {
    // Of another run of the server, everything is news to us; without a position of ours, it begins here.
    const bool same = known_ && (feed_.empty() || feed_ == message.text("feed"));
    after_ = same ? after_ : known_ ? 0 : sequence.value_or(0);
    feed_ = message.text("feed");
    known_ = true;
  } else if (sequence) {
    after_ = *sequence;
  }
}

}  // namespace callwright::app
