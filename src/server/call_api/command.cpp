#include "server/call_api/command.hpp"

#include "media/codec_names.hpp"
#include "server/call_api/aliases.hpp"
#include "server/call_api/features_json.hpp"
#include "sip/session_fields.hpp"
#include "sip/uri.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <initializer_list>
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
  /// Words that may stand in a header field.
  std::string phrase(const std::string& name);
  /// A URI that may stand in a request line.
  std::string uri(const std::string& name);
  std::string call_id(const std::string& name);
  /// An object of header fields that a client may add, as lines of an INVITE.
  std::string header_lines(const std::string& name);
  /// Names with commas, or an array of them.
  std::vector<sdp::Codec> codecs(const std::string& name);
  /// "caller" or "callee".
  call::Side leg(const std::string& name);
  /// The same, or "both": nothing.
  std::optional<call::Side> leg_or_both(const std::string& name);
  /// A whole number from `least` to `most`, or its digits in a string; `otherwise` when it is not there.
  std::uint64_t number(const std::string& name, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise);
  /// true or false, or the same in a string; `otherwise` when it is not there.
  bool flag(const std::string& name, bool otherwise = false);
  /// One of these words, by its place; the first when it is not there.
  std::size_t word(const std::string& name, std::initializer_list<std::string_view> words);

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

std::string Parameters::phrase(const std::string& name) {
  std::string value = this->name(name);
  if (std::any_of(value.begin(), value.end(), is_control)) {
    refuse(name + " must not have control characters");
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

/// Those that change nothing about where a request goes, and whose it is.
bool is_free_header(std::string_view name) {
  static constexpr std::string_view kFree[] = {"alert-info", "call-info", "organization", "priority", "reply-to", "subject", "user-to-user"};
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter; });
  const bool token = std::all_of(lower.begin(), lower.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' || letter == '.';
  });
  return token && (std::find(std::begin(kFree), std::end(kFree), lower) != std::end(kFree) || (lower.starts_with("x-") && lower.size() > 2));
}

std::string Parameters::header_lines(const std::string& name) {
  static constexpr std::size_t kMost = 16;
  static constexpr std::size_t kLongest = 512;
  const Json* const member = find_parameter(params_, name);
  const Json::Object* const fields = member == nullptr ? nullptr : member->object();
  if (fields == nullptr || fields->size() > kMost) {
    refuse(name + " must be an object of header fields, " + std::to_string(kMost) + " at most");
    return {};
  }
  std::string lines;
  for (const auto& field : *fields) {
    const std::string* const value = field.value.string();
    if (!is_free_header(field.name) || field.name.size() > 64 || value == nullptr || value->size() > kLongest || !sip::is_header_safe(*value)) {
      refuse(name + ": " + field.name +
             " must be X-…, Alert-Info, Call-Info, Organization, Priority, Reply-To, Subject or User-to-User, and its value a line of text");
      return {};
    }
    sip::append_header(lines, field.name, *value);
  }
  return lines;
}

std::vector<sdp::Codec> Parameters::codecs(const std::string& name) {
  const Json* const member = find_parameter(params_, name);
  const Json::Array* const array = member == nullptr ? nullptr : std::get_if<Json::Array>(&member->value);
  std::vector<std::string> names;
  for (std::size_t place = 0; array != nullptr && place < array->size(); ++place) {
    const std::string* const text = (*array)[place].string();
    names.push_back(text == nullptr ? std::string() : *text);
  }
  const std::string listed = array == nullptr ? text(name) : std::string();
  for (std::string_view rest = listed; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    names.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  auto known = media::codecs_by_name(names);
  if (!known) {
    refuse(name + ": " + known.error().message());
    return {};
  }
  return std::move(*known);
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

bool Parameters::flag(const std::string& name, bool otherwise) {
  const Json* const member = find_parameter(params_, name);
  if (member == nullptr) {
    return otherwise;
  }
  const bool* const value = std::get_if<bool>(&member->value);
  const std::string* const word = member->string();
  if (value == nullptr && (word == nullptr || (*word != "true" && *word != "false"))) {
    refuse(name + " must be true or false");
  }
  return value != nullptr ? *value : word != nullptr && *word == "true";
}

std::size_t Parameters::word(const std::string& name, std::initializer_list<std::string_view> words) {
  if (!has(name)) {
    return 0;
  }
  const std::string value = text(name);
  const auto* const found = std::find(words.begin(), words.end(), value);
  if (found == words.end()) {
    std::string known;
    for (const std::string_view word : words) {
      known.append(known.empty() ? "\"" : "\", \"").append(word);
    }
    refuse(name + " must be one of " + known + "\"");
    return 0;
  }
  return static_cast<std::size_t>(found - words.begin());
}

AnyCommand parse_echo(Parameters& params, const std::string& /*cmd_id*/) { return Echo{params.all()}; }

void take_look(Parameters& params, call::CallLook& look) {
  for (auto [name, value] : {std::pair("caller_name", &look.caller_name), std::pair("callee_name", &look.callee_name)}) {
    if (params.has(name)) {
      *value = params.phrase(name);
    }
  }
  if (params.has("caller_id")) {
    look.caller_id = params.uri("caller_id");
  }
  if (params.has("headers")) {
    look.headers = params.header_lines("headers");
  }
  std::string password = params.has("password") ? params.phrase("password") : std::string();
  if (params.has("username")) {
    look.credentials = {params.phrase("username"), std::move(password)};
  }
  if (params.has("codecs")) {
    look.codecs = params.codecs("codecs");
  }
  if (params.has("timeout")) {
    look.timeout = std::chrono::seconds(params.number("timeout", 1, 3600, 0));
  }
}

AnyCommand parse_call_start(Parameters& params, const std::string& cmd_id) {
  if (!is_call_id(cmd_id)) {
    params.refuse("cmd_id must be a Call-ID here (RFC 3261: word, or word@word; no blanks): it becomes that of the first leg");
  }
  call::StartCall command;
  command.caller = params.uri("caller");
  command.callee = params.uri("callee");
  command.call_id = cmd_id;
  take_look(params, command.look);
  return command;
}

AnyCommand parse_message(Parameters& params, const std::string& /*cmd_id*/) {
  static constexpr std::size_t kLongest = 16UL * 1024;
  call::SendMessage command;
  command.from = params.uri("from");
  command.to = params.uri("to");
  command.text = params.text("text");
  if (command.text.size() > kLongest) {
    params.refuse("text must not be longer than " + std::to_string(kLongest) + " bytes");
  }
  if (params.has("content_type")) {
    command.content_type = params.phrase("content_type");
  }
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

std::optional<call::Side> parties_of(Parameters& params) { return params.has("leg") ? params.leg_or_both("leg") : std::nullopt; }

AnyCommand parse_hold(Parameters& params, call::HoldCall::Change change) {
  call::HoldCall command;
  command.call_id = params.call_id("callid");
  command.change = change;
  command.party = parties_of(params);
  return command;
}

AnyCommand parse_call_hold(Parameters& params, const std::string& /*cmd_id*/) { return parse_hold(params, call::HoldCall::Change::Hold); }
AnyCommand parse_call_unhold(Parameters& params, const std::string& /*cmd_id*/) { return parse_hold(params, call::HoldCall::Change::Unhold); }

AnyCommand parse_call_redial(Parameters& params, const std::string& cmd_id) {
  constexpr std::uint64_t kHour = 3600;
  constexpr std::uint64_t kDay = 24 * kHour;
  call::RedialCall command;
  command.call = std::get<call::StartCall>(std::get<call::Command>(parse_call_start(params, cmd_id)));
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

/// A name in a folder of the server's, which it does not lead out of.
std::string sound_name(Parameters& params) {
  static constexpr std::size_t kLongest = 255;
  std::string name = params.text("file");
  const bool leads_out = name.starts_with('/') || name == ".." || name.starts_with("../") || name.ends_with("/..") || name.find("/../") != std::string::npos;
  if (name.empty() || name.size() > kLongest || leads_out || std::any_of(name.begin(), name.end(), is_control)) {
    params.refuse("file must be the name of a sound in the server's folder of sounds, such as welcome.wav");
  }
  return name;
}

AnyCommand parse_play(Parameters& params, const std::string& /*cmd_id*/) {
  call::PlaySound command;
  command.call_id = params.call_id("callid");
  command.party = parties_of(params);
  if (params.has("file") || !params.has("tone")) {
    command.file = sound_name(params);
  }
  command.tone_hz = static_cast<double>(params.number("tone", 20, 20'000, 0));
  command.repeat = params.flag("loop") ? media::Repeat::Loop : media::Repeat::Once;
  return command;
}

AnyCommand parse_stop(Parameters& params, const std::string& /*cmd_id*/) {
  return call::StopSound{.call_id = params.call_id("callid"), .party = parties_of(params)};
}

AnyCommand parse_dtmf(Parameters& params, const std::string& /*cmd_id*/) {
  static constexpr std::size_t kMostKeys = 64;
  call::PressKeys command;
  command.call_id = params.call_id("callid");
  command.party = parties_of(params);
  command.keys = params.text("digits");
  command.timing.press = std::chrono::milliseconds(params.number("duration_ms", 40, 5000, 100));
  command.timing.gap = std::chrono::milliseconds(params.number("gap_ms", 40, 5000, 60));
  if (!params.error() && (command.keys.empty() || command.keys.size() > kMostKeys || !media::check_keys(command.keys, command.timing))) {
    params.refuse("digits must be 1 to " + std::to_string(kMostKeys) + " of 0 to 9, *, # and A to D");
  }
  return command;
}

AnyCommand parse_mute(Parameters& params, const std::string& /*cmd_id*/) {
  return call::MuteParty{.call_id = params.call_id("callid"), .party = parties_of(params), .muted = params.flag("muted", true)};
}

AnyCommand parse_record(Parameters& params, const std::string& /*cmd_id*/) {
  using Change = call::ChangeRecording::Change;
  static constexpr std::array kLayouts = {media::RecordingLayout::Stereo, media::RecordingLayout::Mono, media::RecordingLayout::Separate};
  std::string call_id = params.call_id("callid");
  switch (params.word("action", {"start", "pause", "resume", "stop"})) {
    case 1: return call::ChangeRecording{.call_id = std::move(call_id), .change = Change::Pause};
    case 2: return call::ChangeRecording{.call_id = std::move(call_id), .change = Change::Resume};
    case 3: return call::ChangeRecording{.call_id = std::move(call_id), .change = Change::Stop};
    default: break;
  }
  call::RecordCall command{.call_id = std::move(call_id)};
  command.layout = kLayouts.at(params.word("layout", {"stereo", "mono", "separate"}));
  command.format = params.word("format", {"wav", "ogg"}) == 0 ? audio::FileFormat::Wav : audio::FileFormat::OggOpus;
  return command;
}

AnyCommand parse_ring(Parameters& params, const std::string& /*cmd_id*/) {
  return call::DecideCall{.call_id = params.call_id("callid"), .decision = call::DecideCall::Decision::Ring};
}

AnyCommand parse_answer(Parameters& params, const std::string& /*cmd_id*/) {
  return call::DecideCall{.call_id = params.call_id("callid"), .decision = call::DecideCall::Decision::Answer};
}

AnyCommand parse_reject(Parameters& params, const std::string& /*cmd_id*/) {
  call::DecideCall command{.call_id = params.call_id("callid"), .decision = call::DecideCall::Decision::Reject};
  command.status = static_cast<int>(params.number("status", 300, 699, 486));
  command.reason = params.has("reason") ? params.phrase("reason") : std::string();
  return command;
}

AnyCommand parse_redirect(Parameters& params, const std::string& /*cmd_id*/) {
  call::DecideCall command{.call_id = params.call_id("callid"), .decision = call::DecideCall::Decision::Redirect};
  command.destination = params.uri("destination");
  return command;
}

call::CallParty party_of(Parameters& params, const std::string& call_id, const std::string& leg) {
  call::CallParty party{.call_id = params.call_id(call_id)};
  party.side = params.has(leg) ? params.leg(leg) : call::Side::Caller;
  return party;
}

AnyCommand parse_bridge(Parameters& params, const std::string& /*cmd_id*/) {
  return call::BridgeCalls{.one = party_of(params, "callidA", "legA"), .other = party_of(params, "callidB", "legB")};
}

AnyCommand parse_unbridge(Parameters& params, const std::string& /*cmd_id*/) { return call::UnbridgeCall{params.call_id("callid")}; }

/// A name that can be called.
std::string callable_name(Parameters& params, const std::string& parameter) {
  static constexpr std::size_t kLongest = 64;
  std::string name = params.text(parameter);
  const bool callable = std::all_of(name.begin(), name.end(), [](char character) {
    const auto letter = static_cast<unsigned char>(static_cast<unsigned char>(character) | 0x20U);
    return (character >= '0' && character <= '9') || (letter >= 'a' && letter <= 'z') || character == '-' || character == '_' || character == '.';
  });
  if (name.empty() || name.size() > kLongest || !callable) {
    params.refuse(parameter + " must be a name of 1 to " + std::to_string(kLongest) + " letters, digits, '-', '_' and '.'");
  }
  return name;
}

std::string conference_of(Parameters& params) { return callable_name(params, "conference"); }

AnyCommand parse_park(Parameters& params, const std::string& /*cmd_id*/) {
  call::ParkCall command{.party = party_of(params, "callid", "leg")};
  if (params.has("slot")) {
    command.slot = callable_name(params, "slot");
  }
  return command;
}

AnyCommand parse_pickup(Parameters& params, const std::string& /*cmd_id*/) {
  call::PickUpCall command;
  if (params.has("slot")) {
    command.slot = callable_name(params, "slot");
  }
  if (params.has("callid") || !params.has("slot")) {
    command.call_id = params.call_id("callid");
  }
  const std::string by = params.text("by");
  if (by.starts_with("sip:") || by.starts_with("sips:")) {
    command.destination = params.uri("by");
  } else if (!params.error()) {
    command.by.call_id = params.call_id("by");
  }
  if (params.has("leg")) {
    command.by.side = params.leg("leg");
  }
  return command;
}

AnyCommand parse_conference_create(Parameters& params, const std::string& /*cmd_id*/) {
  call::CreateConference command{.name = conference_of(params)};
  command.max_parties = params.number("max_parties", 1, 1000, command.max_parties);
  command.tones = params.flag("tones");
  return command;
}

AnyCommand parse_conference_add(Parameters& params, const std::string& /*cmd_id*/) {
  call::AddToConference command{.conference = conference_of(params), .call_id = {}};
  if (params.has("callid") || !params.has("destination")) {
    command.call_id = params.call_id("callid");
  }
  command.party = parties_of(params);
  if (params.has("destination")) {
    command.destination = params.uri("destination");
  }
  return command;
}

AnyCommand parse_conference_remove(Parameters& params, const std::string& /*cmd_id*/) {
  return call::ChangeConference{.conference = conference_of(params), .change = call::ChangeConference::Change::Remove, .call_id = params.call_id("callid")};
}

AnyCommand parse_conference_mute(Parameters& params, const std::string& /*cmd_id*/) {
  using Change = call::ChangeConference::Change;
  call::ChangeConference command{.conference = conference_of(params), .call_id = params.call_id("callid")};
  command.change = params.flag("muted", true) ? Change::Mute : Change::Unmute;
  return command;
}

AnyCommand parse_conference_end(Parameters& params, const std::string& /*cmd_id*/) { return call::ChangeConference{.conference = conference_of(params)}; }

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
    Method{"CallPlay", parse_play, Scope::CallControl},
    Method{"CallStop", parse_stop, Scope::CallControl},
    Method{"CallDtmf", parse_dtmf, Scope::CallControl},
    Method{"CallMute", parse_mute, Scope::CallControl},
    Method{"CallRecord", parse_record, Scope::CallControl},
    Method{"CallMessage", parse_message, Scope::CallControl},
    Method{"CallRing", parse_ring, Scope::CallControl},
    Method{"CallAnswer", parse_answer, Scope::CallControl},
    Method{"CallReject", parse_reject, Scope::CallControl},
    Method{"CallRedirect", parse_redirect, Scope::CallControl},
    Method{"CallBridge", parse_bridge, Scope::CallControl},
    Method{"CallUnbridge", parse_unbridge, Scope::CallControl},
    Method{"CallPark", parse_park, Scope::CallControl},
    Method{"CallPickup", parse_pickup, Scope::CallControl},
    Method{"ConferenceCreate", parse_conference_create, Scope::CallControl},
    Method{"ConferenceAdd", parse_conference_add, Scope::CallControl},
    Method{"ConferenceRemove", parse_conference_remove, Scope::CallControl},
    Method{"ConferenceMute", parse_conference_mute, Scope::CallControl},
    Method{"ConferenceEnd", parse_conference_end, Scope::CallControl},
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
  ParsedCommand command{.method = method->name, .scope = method->scope, .cmd_id = chosen_cmd_id(params), .command = {}, .deadline = {}};
  if (command.cmd_id.empty()) {
    command.cmd_id = random_uuid(random);
  }
  command.command = method->parse(params, command.cmd_id);
  if (std::holds_alternative<call::Command>(command.command) && params.has("deadline")) {
    command.deadline = std::chrono::seconds(params.number("deadline", 1, kMaxDeadline, 0));
  }
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
