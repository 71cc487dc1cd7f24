#include "sip/event_fields.hpp"

#include "sip/scan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace callwright::sip {
namespace {

using Cause = SubscriptionState::Reason;

constexpr std::array<std::pair<std::string_view, Cause>, 7> kReasons{{{"deactivated", Cause::Deactivated},
                                                                      {"probation", Cause::Probation},
                                                                      {"rejected", Cause::Rejected},
                                                                      {"timeout", Cause::Timeout},
                                                                      {"giveup", Cause::GiveUp},
                                                                      {"noresource", Cause::NoResource},
                                                                      {"invariant", Cause::Invariant}}};
constexpr std::size_t kMaxEvent = 128;

std::optional<std::chrono::seconds> seconds_of(const Parameters& parameters, std::string_view name) {
  const auto value = parse_number(parameters.find(name).value_or(std::string_view{}));
  return value ? std::optional(std::chrono::seconds(*value)) : std::nullopt;
}

bool is_token(std::string_view text) { return scan::skip(scan::kToken, text.data(), scan::end_of(text)) == scan::end_of(text); }

}  // namespace

std::optional<EventType> EventType::of(const Message& message) {
  const auto value = message.header(Header::Event);
  if (!value || value->size() > kMaxEvent) {
    return std::nullopt;
  }
  const auto parsed = TokenWithParameters::parse(*value);
  const std::string_view id = parsed.parameters.find("id").value_or(std::string_view{});
  // Both go into the NOTIFYs as they are.
  if (parsed.token.empty() || !is_token(parsed.token) || !is_token(id)) {
    return std::nullopt;
  }
  return EventType{parsed.token, id};
}

bool EventType::matches(const EventType& other) const noexcept { return equals_ignoring_case(package, other.package) && id == other.id; }

std::optional<SubscriptionState> SubscriptionState::of(const Message& message) {
  const auto parsed = TokenWithParameters::parse(message.header(Header::SubscriptionState).value_or(std::string_view{}));
  if (parsed.token.empty()) {
    return std::nullopt;
  }
  SubscriptionState state;
  if (equals_ignoring_case(parsed.token, "terminated")) {
    state.kind = Kind::Terminated;
  } else if (equals_ignoring_case(parsed.token, "pending")) {
    state.kind = Kind::Pending;
  }
  const std::string_view reason = parsed.parameters.find("reason").value_or(std::string_view{});
  const auto known = std::find_if(kReasons.begin(), kReasons.end(), [reason](const auto& entry) { return equals_ignoring_case(entry.first, reason); });
  state.reason = known == kReasons.end() ? Cause::None : known->second;
  state.expires = seconds_of(parsed.parameters, "expires");
  state.retry_after = seconds_of(parsed.parameters, "retry-after");
  return state;
}

std::string_view to_string(SubscriptionState::Reason reason) noexcept {
  const auto known = std::find_if(kReasons.begin(), kReasons.end(), [reason](const auto& entry) { return entry.second == reason; });
  return known == kReasons.end() ? std::string_view{} : known->first;
}

std::string SubscriptionState::to_string() const {
  constexpr std::string_view kKinds[] = {"active", "pending", "terminated"};
  std::string text(kKinds[static_cast<std::size_t>(kind)]);
  if (reason != Cause::None) {
    text.append(";reason=").append(sip::to_string(reason));
  }
  if (expires) {
    text.append(";expires=").append(std::to_string(expires->count()));
  }
  if (retry_after) {
    text.append(";retry-after=").append(std::to_string(retry_after->count()));
  }
  return text;
}

bool accepts(const Message& request, std::string_view content_type) {
  if (!request.has(Header::Accept)) {
    return true;
  }
  bool found = false;
  request.for_each_value(Header::Accept, [&](std::string_view value) {
    const std::string_view range = TokenWithParameters::parse(value).token;
    const bool whole_type = range.ends_with("/*") && content_type.size() >= range.size() - 1 &&
                            equals_ignoring_case(range.substr(0, range.size() - 1), content_type.substr(0, range.size() - 1));
    found = range == "*/*" || whole_type || equals_ignoring_case(range, content_type);
    return !found;
  });
  return found;
}

}  // namespace callwright::sip
