#include "server/call_api/command.hpp"

#include "server/call_api/aliases.hpp"
#include "server/call_api/features_json.hpp"
#include "sip/uri.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace callwright::server::call_api {

namespace {

bool is_control(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7F;
}

bool is_unsafe(char character) { return is_control(character) || character == '<' || character == '>'; }

/// RFC 3261 §25.1 `word` without '<' and '>', which no sane Call-ID has and which would end a URI.
bool is_word(char character) {
  const auto byte = static_cast<unsigned char>(character);
  const auto letter = static_cast<unsigned char>(byte | 0x20U);
  return (byte >= '0' && byte <= '9') || (letter >= 'a' && letter <= 'z') ||
         std::string_view("-.!%*_+`'~():\\\"/[]?{}").find(character) != std::string_view::npos;
}

/// RFC 3261 §25.1: callid = word [ "@" word ]
bool is_call_id(std::string_view text) {
  const std::size_t at = text.find('@');
  const auto is_part = [](std::string_view part) { return !part.empty() && std::all_of(part.begin(), part.end(), is_word); };
  return at == std::string_view::npos ? is_part(text) : is_part(text.substr(0, at)) && is_part(text.substr(at + 1));
}

/// The parameters of a command, taken in the order in which the first one that is wrong is to be named.
class Parameters {
 public:
  explicit Parameters(const Json& params) noexcept : params_(params) {}

  /// What was wrong with the first that was; then nothing of what was taken counts.
  [[nodiscard]] const std::optional<RpcError>& error() const noexcept { return error_; }
  void refuse(std::string message) { refuse({RpcCode::InvalidParams, std::move(message)}); }
  [[nodiscard]] const Json& all() const noexcept { return params_; }

  [[nodiscard]] bool has(const std::string& name) const { return find_parameter(params_, name) != nullptr; }
  /// A string, which must be there.
  std::string text(const std::string& name);
  /// A string of a sensible length.
  std::string name(const std::string& name);
  /// A URI that may stand in a request line.
  std::string uri(const std::string& name);
  std::string call_id(const std::string& name);
  /// "caller" or "callee".
  call::Side leg(const std::string& name);
  /// The same, or "both": nothing.
  std::optional<call::Side> leg_or_both(const std::string& name);
  /// A whole number from `least` to `most`, or its digits in a string; `otherwise` when it is not there.
  std::uint64_t number(const std::string& name, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise);
  /// true or false, or the same in a string; false when it is not there.
  bool flag(const std::string& name);

 private:
  void refuse(RpcError error) {
    if (!error_) {
      error_ = std::move(error);
    }
  }

  const Json& params_;
  std::optional<RpcError> error_;
};

std::string Parameters::text(const std::string& name) {
  const Json* const member = find_parameter(params_, name);
  if (member == nullptr) {
    refuse({RpcCode::InvalidParams, name + " not specified", RpcError::Detail::MissingParameter});
  } else if (member->string() == nullptr) {
    refuse({RpcCode::InvalidParams, name + " must be a string", RpcError::Detail::NoString});
  } else {
    return *member->string();
  }
  return {};
}

std::string Parameters::name(const std::string& name) {
  std::string value = text(name);
  if (value.size() > kMaxCmdId) {
    refuse(name + " must not be longer than " + std::to_string(kMaxCmdId) + " bytes");
  }
  return value;
}

std::string Parameters::uri(const std::string& name) {
  std::string uri = text(name);
  if (uri.size() > kMaxUri) {
    refuse(name + " must not be longer than " + std::to_string(kMaxUri) + " bytes");
    return {};
  }
  if (std::any_of(uri.begin(), uri.end(), [](char character) { return is_unsafe(character) || character == ' '; })) {
    refuse(name + " must be a SIP URI without blanks, control characters, '<' and '>'");
    return {};
  }
  const auto parsed = sip::UriView::parse(uri);
  if (!parsed) {
    refuse(name + " must be a SIP URI such as sip:alice@example.com: " + parsed.error().message());
  } else if (parsed->scheme == sip::UriView::Scheme::Tel || parsed->host.empty()) {
    refuse(name + " must be a sip: or sips: URI with a host, such as sip:alice@example.com");
  } else if (!parsed->headers.empty()) {
    refuse(name + " must be a SIP URI without header fields ('?…')");
  }
  return uri;
}

std::string Parameters::call_id(const std::string& name) {
  std::string call_id = text(name);
  if (call_id.size() > kMaxCmdId || !is_call_id(call_id)) {
    refuse(name + " must be a Call-ID (RFC 3261: word, or word@word; no blanks, '<', '>') of " + std::to_string(kMaxCmdId) + " characters at most");
  }
  return call_id;
}

call::Side Parameters::leg(const std::string& name) {
  const std::string leg = text(name);
  if (leg != "caller" && leg != "callee") {
    refuse(name + " must be \"caller\" or \"callee\"");
  }
  return leg == "caller" ? call::Side::Caller : call::Side::Callee;
}

std::optional<call::Side> Parameters::leg_or_both(const std::string& name) {
  const std::string leg = text(name);
  if (leg != "caller" && leg != "callee" && leg != "both") {
    refuse(name + " must be \"caller\", \"callee\" or \"both\"");
  }
  return leg == "both" ? std::nullopt : std::optional(leg == "caller" ? call::Side::Caller : call::Side::Callee);
}

std::uint64_t Parameters::number(const std::string& name, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise) {
  const Json* const member = find_parameter(params_, name);
  if (member == nullptr) {
    return otherwise;
  }
  const auto* const number = std::get_if<Json::Number>(&member->value);
  const std::string* const digits = number != nullptr ? &number->text : member->string();
  std::uint64_t value = 0;
  const char* const end = digits == nullptr ? nullptr : digits->data() + digits->size();
  const bool whole = digits != nullptr && std::from_chars(digits->data(), end, value) == std::from_chars_result{end, std::errc()};
  if (!whole || value < least || value > most) {
    refuse(name + " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

bool Parameters::flag(const std::string& name) {
  const Json* const member = find_parameter(params_, name);
  if (member == nullptr) {
    return false;
  }
  const bool* const value = std::get_if<bool>(&member->value);
  const std::string* const word = member->string();
  if (value == nullptr && (word == nullptr || (*word != "true" && *word != "false"))) {
    refuse(name + " must be true or false");
  }
  return value != nullptr ? *value : word != nullptr && *word == "true";
}

AnyCommand parse_echo(Parameters& params, const std::string& /*cmd_id*/) { return Echo{params.all()}; }

AnyCommand parse_call_start(Parameters& params, const std::string& cmd_id) {
  if (!is_call_id(cmd_id)) {
    params.refuse("cmd_id must be a Call-ID here (RFC 3261: word, or word@word; no blanks): it becomes that of the first leg");
  }
  call::StartCall command;
  command.caller = params.uri("caller");
  command.callee = params.uri("callee");
  command.call_id = cmd_id;
  return command;
}

AnyCommand parse_call_end(Parameters& params, const std::string& /*cmd_id*/) { return call::EndCall{.call_id = params.call_id("callid")}; }

AnyCommand parse_blind_transfer(Parameters& params, const std::string& /*cmd_id*/) {
  call::TransferCall command;
  command.party.call_id = params.call_id("callid");
  command.party.side = params.leg("leg");
  command.destination = params.uri("destination");
  return command;
}

AnyCommand parse_attended_transfer(Parameters& params, const std::string& /*cmd_id*/) {
  call::TransferCall command;
  command.party.call_id = params.call_id("callidA");
  command.party.side = params.leg("legA");
  call::CallParty& joins = command.joins.emplace();
  joins.call_id = params.call_id("callidB");
  joins.side = params.leg("legB");
  if (params.has("destination")) {
    command.destination = params.uri("destination");
  }
  return command;
}

AnyCommand parse_hold(Parameters& params, call::HoldCall::Change change) {
  call::HoldCall command;
  command.call_id = params.call_id("callid");
  command.change = change;
  if (params.has("leg")) {
    command.party = params.leg_or_both("leg");
  }
  return command;
}

AnyCommand parse_call_hold(Parameters& params, const std::string& /*cmd_id*/) { return parse_hold(params, call::HoldCall::Change::Hold); }
AnyCommand parse_call_unhold(Parameters& params, const std::string& /*cmd_id*/) { return parse_hold(params, call::HoldCall::Change::Unhold); }

AnyCommand parse_call_redial(Parameters& params, const std::string& cmd_id) {
  constexpr std::uint64_t kHour = 3600;
  constexpr std::uint64_t kDay = 24 * kHour;
  call::RedialCall command;
  command.call = std::get<call::StartCall>(parse_call_start(params, cmd_id));
  command.limit = std::chrono::seconds(params.number("limit_s", 1, kDay, kHour));
  return command;
}

AnyCommand parse_user_features(Parameters& params, const std::string& /*cmd_id*/) { return call::GetFeatures{params.name("user")}; }

AnyCommand parse_user_features_set(Parameters& params, const std::string& /*cmd_id*/) {
  call::SetFeatures command;
  command.user = params.name("user");
  auto change = read_features(params.all());
  if (change) {
    command.change = std::move(*change);
  } else {
    params.refuse(change.error().message());
  }
  return command;
}

AnyCommand parse_cancel(Parameters& params, const std::string& /*cmd_id*/) { return Cancel{.target = params.name("target")}; }
AnyCommand parse_unsubscribe(Parameters& params, const std::string& /*cmd_id*/) {
  return Cancel{.target = params.name("target"), .only = Cancel::Only::Subscriptions};
}

AnyCommand parse_subscribe(Parameters& params, const std::string& /*cmd_id*/) {
  Subscribe command;
  if (params.has("what")) {
    const std::string what = params.text("what");
    if (what != "calls" && what != "registrations") {
      params.refuse("what must be \"calls\" or \"registrations\"; leave it out for both");
    }
    command.filter.what = what == "calls" ? FeedFilter::What::Calls : FeedFilter::What::Registrations;
  }
  if (params.has("callid")) {
    command.filter.call_id = params.call_id("callid");
  }
  if (params.has("user")) {
    command.filter.user = params.name("user");
  }
  if (params.has("after") || params.has("feed")) {
    Feed::Position& position = command.position.emplace();
    position.seq = params.number("after", 0, INT64_MAX, 0);
    position.feed = params.has("feed") ? params.name("feed") : std::string();
  }
  return command;
}

AnyCommand parse_call_list(Parameters& params, const std::string& /*cmd_id*/) {
  ListCalls command;
  command.ended = params.flag("ended");
  command.limit = params.number("limit", 1, kMaxListed, command.limit);
  return command;
}

AnyCommand parse_call_info(Parameters& params, const std::string& /*cmd_id*/) { return GetCall{params.call_id("callid")}; }

AnyCommand parse_registration_list(Parameters& params, const std::string& /*cmd_id*/) {
  ListRegistrations command;
  command.limit = params.number("limit", 1, kMaxListed, command.limit);
  return command;
}

struct Method {
  std::string_view name;
  AnyCommand (*parse)(Parameters& params, const std::string& cmd_id);
  Scope scope;  ///< What it takes to call it.
};

constexpr std::array kMethods = {
    Method{"CallStart", parse_call_start, Scope::CallControl},
    Method{"CallBlindTransfer", parse_blind_transfer, Scope::CallControl},
    Method{"CallAttendedTransfer", parse_attended_transfer, Scope::CallControl},
    Method{"CallHold", parse_call_hold, Scope::CallControl},
    Method{"CallUnhold", parse_call_unhold, Scope::CallControl},
    Method{"CallEnd", parse_call_end, Scope::CallControl},
    Method{"CallRedial", parse_call_redial, Scope::CallControl},
    Method{"CommandCancel", parse_cancel, Scope::CallControl},
    Method{"CallList", parse_call_list, Scope::CallRead},
    Method{"CallInfo", parse_call_info, Scope::CallRead},
    Method{"RegistrationList", parse_registration_list, Scope::CallRead},
    Method{"UserFeatures", parse_user_features, Scope::CallRead},
    Method{"UserFeaturesSet", parse_user_features_set, Scope::Admin},
    Method{"Subscribe", parse_subscribe, Scope::CallRead},
    Method{"Unsubscribe", parse_unsubscribe, Scope::CallRead},
    Method{"Echo", parse_echo, Scope::CallRead},
};

std::string names_of_methods() {
  std::string names;
  for (const Method& method : kMethods) {
    names.append(names.empty() ? "" : ", ").append(method.name);
  }
  return names;
}

/// The client's cmd_id, "" when the server shall choose.
std::string chosen_cmd_id(Parameters& params) {
  if (!params.has("cmd_id")) {
    return {};
  }
  const Json& member = *params.all().find("cmd_id");
  if (member.string() == nullptr) {
    params.refuse("cmd_id must be a string");
    return {};
  }
  const std::string& text = *member.string();
  if (text.size() > kMaxCmdId || std::any_of(text.begin(), text.end(), is_unsafe)) {
    params.refuse("cmd_id must have " + std::to_string(kMaxCmdId) + " bytes at most and no control characters, '<' or '>'");
  }
  return text;
}

}  // namespace

std::variant<ParsedCommand, RpcError> parse_command(const Request& request, base::Random& random, Scopes scopes) {
  const std::string_view name = method_meant(request.method);
  const auto* method = std::find_if(kMethods.begin(), kMethods.end(), [name](const Method& known) { return known.name == name; });
  if (method == kMethods.end()) {
    return RpcError{RpcCode::MethodNotFound, "Method not found; this server knows " + names_of_methods()};
  }
  if (!scopes.allow(method->scope)) {
    return RpcError{RpcCode::Forbidden, "forbidden: this token lacks " + std::string(to_string(method->scope))};
  }
  if (!request.params || request.params->object() == nullptr) {
    return RpcError{RpcCode::InvalidParams, "params must be an object"};
  }
  Parameters params(*request.params);
  ParsedCommand command{.method = method->name, .scope = method->scope, .cmd_id = chosen_cmd_id(params), .command = {}};
  if (command.cmd_id.empty()) {
    command.cmd_id = random_uuid(random);
  }
  command.command = method->parse(params, command.cmd_id);
  if (!params.error()) {
    return command;
  }
  if (params.error()->detail != RpcError::Detail::MissingParameter) {
    return *params.error();
  }
  command.command = Incomplete{params.error()->message};
  return command;
}

std::string random_uuid(base::Random& random) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::array<std::uint64_t, 2> bits = {random.next(), random.next()};
  // RFC 4122 §4.4: version 4 in the 13th digit, variant 10 in the top bits of the 17th.
  bits[0] = (bits[0] & ~0xF000ULL) | 0x4000ULL;
  bits[1] = (bits[1] & ~(3ULL << 62)) | (2ULL << 62);
  std::string text;
  text.reserve(36);
  for (std::size_t digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) {
      text += '-';
    }
    text += kHex[(bits[digit / 16] >> (60 - 4 * (digit % 16))) & 15U];
  }
  return text;
}

}  // namespace callwright::server::call_api
