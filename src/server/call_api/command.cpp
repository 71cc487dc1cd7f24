#include "server/call_api/command.hpp"

#include "server/call_api/aliases.hpp"
#include "server/call_api/features_json.hpp"
#include "server/call_api/parameters.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace callwright::server::call_api {

namespace {

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
