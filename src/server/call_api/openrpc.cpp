#include "server/call_api/openrpc.hpp"

#include "server/call_api/command.hpp"
#include "server/call_api/json_values.hpp"
#include "server/call_api/rpc_error.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace callwright::server::call_api {
namespace {

using Presence = ParameterInfo::Presence;
using Type = ParameterType;

Json object(Json::Object members) { return Json{std::move(members)}; }

Json texts(const std::vector<std::string_view>& values) {
  Json::Array array;
  for (const std::string_view value : values) {
    array.push_back(json_text(value));
  }
  return Json{std::move(array)};
}

// Features of users (features_json.hpp).
Json object_of(Json::Object members) { return object({{"type", json_text("object")}, {"properties", object(std::move(members))}}); }
Json list_of(Json element) { return object({{"type", json_text("array")}, {"items", std::move(element)}}); }
Json place() { return object({{"type", json_text("string")}, {"maxLength", json_number(call::UserFeatures::kMaxText)}}); }
Json seconds() { return object({{"type", json_text("integer")}, {"minimum", json_number(1)}, {"maximum", json_number(call::UserFeatures::kMaxTime.count())}}); }
Json screening() { return object_of({{"allow", list_of(place())}, {"deny", list_of(place())}}); }

Json schema_of(const ParameterInfo& parameter) {
  switch (parameter.type) {
    case Type::Text: return object({{"type", json_text("string")}, {"maxLength", json_number(kMaxCmdId)}});
    case Type::Uri:
      return object({{"type", json_text("string")}, {"format", json_text("uri")}, {"pattern", json_text("^sips?:")}, {"maxLength", json_number(kMaxUri)}});
    case Type::CallId: return object({{"type", json_text("string")}, {"minLength", json_number(1)}, {"maxLength", json_number(kMaxCmdId)}});
    case Type::Keys: return object({{"type", json_text("string")}, {"pattern", json_text("^[0-9A-Da-d*#]{1,64}$")}});
    case Type::Codecs:
      return object({{"oneOf", Json{Json::Array{object({{"type", json_text("string")}}),
                                                object({{"type", json_text("array")}, {"items", object({{"type", json_text("string")}})}})}}}});
    case Type::Headers:
      return object({{"type", json_text("object")}, {"additionalProperties", object({{"type", json_text("string")}})}, {"maxProperties", json_number(16)}});
    case Type::Word: return object({{"enum", texts(parameter.words)}});
    case Type::Flag: return object({{"type", json_text("boolean")}});
    case Type::Forwarding: return object_of({{"always", place()}, {"busy", place()}, {"no_answer", place()}, {"after_s", seconds()}});
    case Type::FindMe: return list_of(object_of({{"to", list_of(place())}, {"time_s", seconds()}}));
    case Type::Screening: return object_of({{"incoming", screening()}, {"outgoing", screening()}});
    case Type::Count: break;
  }
  Json::Object count{{"type", json_text("integer")}, {"minimum", json_number(parameter.least)}};
  if (parameter.most != 0) {
    count.push_back({"maximum", json_number(parameter.most)});
  }
  return object(std::move(count));
}

Json to_json(const ParameterInfo& parameter) {
  return object({{"name", json_text(parameter.name)},
                 {"summary", json_text(parameter.summary)},
                 {"required", Json{parameter.presence == Presence::Required}},
                 {"schema", schema_of(parameter)}});
}

/// The answer: that the command runs, under which name.
Json started() {
  return object({{"name", json_text("started")},
                 {"schema", object({{"type", json_text("object")},
                                    {"required", texts({"cmd_id", "event"})},
                                    {"properties",
                                     object({{"cmd_id", object({{"type", json_text("string")}})}, {"event", object({{"const", json_text("Started")}})}})}})}});
}

Json errors() {
  Json::Array errors;
  for (const auto& [code, message] : {std::pair{RpcCode::InvalidParams, "a parameter is missing or wrong; the message names it"},
                                      std::pair{RpcCode::Forbidden, "the client's token lacks the scope of the method; the message names it"},
                                      std::pair{RpcCode::Busy, "too much is going on; try again"}}) {
    errors.push_back(object({{"code", json_number(static_cast<int>(code))}, {"message", json_text(message)}}));
  }
  return Json{std::move(errors)};
}

/// These are not for the engine, and never wait.
bool is_answered_at_once(std::string_view method) {
  constexpr std::string_view kMethods[] = {"CommandCancel", "CallList", "CallInfo", "RegistrationList", "Subscribe", "Unsubscribe", "Echo"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

Json to_json(const MethodInfo& method) {
  Json::Array parameters;
  for (const ParameterInfo& parameter : method.parameters) {
    parameters.push_back(to_json(parameter));
  }
  parameters.push_back(to_json({"cmd_id", Type::Text, Presence::Optional, "the name of the command; a random UUID without it"}));
  Json::Array events;
  for (const std::string_view event : method.events) {
    events.push_back(json_text(event));
  }
  events.push_back(json_text("Error"));
  events.push_back(json_text("Ended"));
  return object({{"name", json_text(method.name)},
                 {"summary", json_text(method.summary)},
                 {"paramStructure", json_text("by-name")},
                 {"params", Json{std::move(parameters)}},
                 {"result", started()},
                 {"errors", errors()},
                 {"x-events", Json{std::move(events)}}});
}

using Infos = std::vector<MethodInfo>;

ParameterInfo the_call() { return {"callid", Type::CallId, Presence::Required, "the Call-ID of either leg of the call"}; }
ParameterInfo one_leg() { return {"leg", Type::Word, Presence::Optional, "one party alone; both by default", {"caller", "callee", "both"}}; }

/// A call from its beginning, as all clients know it.
Infos infos_of_calls() {
  const ParameterInfo call_id = the_call();
  const ParameterInfo leg = one_leg();
  const std::vector<std::string_view> legs = {"caller", "callee"};
  const std::vector<std::string_view> of_transfer = {"Transferring", "TransferStart", "TransferPending", "TransferSuccessful"};
  return {
      {"CallStart",
       "Rings the caller, and when it has answered, connects it to the callee.",
       {{"caller", Type::Uri, Presence::Required, "whom to ring first"},
        {"callee", Type::Uri, Presence::Required, "whom to connect with it"},
        {"caller_name", Type::Text, Presence::Optional, "the display name of the caller, for the callee to see"},
        {"callee_name", Type::Text, Presence::Optional, "that of the callee, for the caller to see"},
        {"caller_id", Type::Uri, Presence::Optional, "what the callee sees in the place of caller"},
        {"headers", Type::Headers, Presence::Optional, "header fields for the INVITEs"},
        {"username", Type::Text, Presence::Optional, "for whoever asks for credentials"},
        {"password", Type::Text, Presence::Optional, "and its password"},
        {"codecs", Type::Codecs, Presence::Optional, "what the two may speak, by preference"},
        {"timeout", Type::Count, Presence::Optional, "for how many seconds each phone may ring", {}, 1, 3600}},
       {"CallerAnswered", "Transferring", "TransferStart", "TransferPending", "CalleeAnswered"}},
      {"CallBlindTransfer",
       "Has a party call somebody else, and ends its present call when that has answered.",
       {call_id,
        {"leg", Type::Word, Presence::Required, "the party that is transferred", legs},
        {"destination", Type::Uri, Presence::Required, "whom it is to call"}},
       of_transfer},
      {"CallAttendedTransfer",
       "Connects a party with one of another call.",
       {{"callidA", Type::CallId, Presence::Required, "the call of the party that is transferred"},
        {"legA", Type::Word, Presence::Required, "that party", legs},
        {"callidB", Type::CallId, Presence::Required, "the call of the party that it is connected with"},
        {"legB", Type::Word, Presence::Required, "that party", legs},
        {"destination", Type::Uri, Presence::Optional, "whom the phone calls; by default the party legB"}},
       of_transfer},
      {"CallHold", "Puts both parties of a call on hold, or one.", {call_id, leg}, {"CallHolding", "CallHoldStart", "CallHoldSuccessful"}},
      {"CallUnhold", "Takes both parties of a call back, or one.", {call_id, leg}, {"CallUnholding", "CallUnholdStart", "CallUnholdSuccessful"}},
  };
}

Infos infos_of_sound() {
  const ParameterInfo call_id = the_call();
  const ParameterInfo leg = one_leg();
  return {
      {"CallPlay",
       "Plays a sound to both parties of a call, or one, in place of what the others say.",
       {call_id,
        leg,
        {"file", Type::Text, Presence::Optional, "a name in the server's folder of sounds; either this or tone"},
        {"tone", Type::Count, Presence::Optional, "a tone of so many hertz, until it is stopped", {}, 20, 20'000},
        {"loop", Type::Flag, Presence::Optional, "the file begins again at its end, until it is stopped"}},
       {"CallPlayStart", "CallPlaySuccessful", "CallPlayStopped"}},
      {"CallStop", "Ends what is played.", {call_id, leg}, {}},
      {"CallDtmf",
       "Presses keys, which both parties of a call hear, or one.",
       {call_id,
        leg,
        {"digits", Type::Keys, Presence::Required, "the keys: 0 to 9, *, #, A to D"},
        {"duration_ms", Type::Count, Presence::Optional, "how long each is pressed; 100 by default", {}, 40, 5000},
        {"gap_ms", Type::Count, Presence::Optional, "the time after each; 60 by default", {}, 40, 5000}},
       {}},
      {"CallMute",
       "Nobody hears a party, or either, any more; or does again.",
       {call_id, leg, {"muted", Type::Flag, Presence::Optional, "false: they are heard again; true by default"}},
       {}},
      {"CallRecord",
       "Records a call until it ends; pauses that, resumes it, or stops it.",
       {call_id,
        {"action", Type::Word, Presence::Optional, "start by default", {"start", "pause", "resume", "stop"}},
        {"layout", Type::Word, Presence::Optional, "stereo by default: the caller is left", {"stereo", "mono", "separate"}},
        {"format", Type::Word, Presence::Optional, "wav by default", {"wav", "ogg"}}},
       {"CallRecordStart", "CallRecordSuccessful"}},
      {"CallMessage",
       "Sends a text to all phones of a user.",
       {{"from", Type::Uri, Presence::Required, "whose text it is"},
        {"to", Type::Uri, Presence::Required, "who gets it"},
        {"text", Type::Text, Presence::Required, "up to 16 kB"},
        {"content_type", Type::Text, Presence::Optional, "text/plain by default"}},
       {}},
  };
}

/// Calls that come in, parties and conferences.
Infos infos_of_parties() {
  const ParameterInfo call_id = the_call();
  const ParameterInfo leg = one_leg();
  const std::vector<std::string_view> legs = {"caller", "callee"};
  const ParameterInfo conference{"conference", Type::Text, Presence::Required, "its name: letters, digits, '-', '_' and '.'"};
  const ParameterInfo party{"callid", Type::CallId, Presence::Required, "the Call-ID of the party"};
  return {
      {"CallRing", "Tells the caller of an incoming call that it rings.", {call_id}, {}},
      {"CallAnswer", "Answers an incoming call: the caller is with the exchange, alone.", {call_id}, {"ConferenceJoined"}},
      {"CallReject",
       "Refuses an incoming call.",
       {call_id,
        {"status", Type::Count, Presence::Optional, "the SIP status; 486 by default", {}, 300, 699},
        {"reason", Type::Text, Presence::Optional, "its reason phrase"}},
       {}},
      {"CallRedirect", "Rings somebody for an incoming call.", {call_id, {"destination", Type::Uri, Presence::Required, "who is rung"}}, {}},
      {"CallBridge",
       "Connects a party of one call with a party of another; whoever they talked to is hung up.",
       {{"callidA", Type::CallId, Presence::Required, "the call of the one"},
        {"legA", Type::Word, Presence::Optional, "that party, where the call has two; the caller by default", legs},
        {"callidB", Type::CallId, Presence::Required, "the call of the other"},
        {"legB", Type::Word, Presence::Optional, "that party", legs}},
       {"CallBridged"}},
      {"CallUnbridge", "Parts the two of a call: each is with the exchange, alone.", {call_id}, {"ConferenceJoined"}},
      {"CallPark",
       "Puts a party of a call into a slot, where it hears music until it is fetched; whoever it talked to is hung up.",
       {call_id,
        {"leg", Type::Word, Presence::Optional, "the party that is parked, where the call has two; the caller by default", legs},
        {"slot", Type::Text, Presence::Optional, "letters, digits, '-', '_' and '.'; a free number by default"}},
       {"Parked"}},
      {"CallPickup",
       "Connects somebody with a party that is parked, or with the caller of a call that rings.",
       {{"slot", Type::Text, Presence::Optional, "where the party is parked; either this or callid"},
        {"callid", Type::CallId, Presence::Optional, "the Call-ID of the parked party, or of the call that rings"},
        {"by", Type::Text, Presence::Required, "a SIP URI that is called, or the Call-ID of a party that is in a call"},
        {"leg", Type::Word, Presence::Optional, "that party, where the call has two; the caller by default", legs}},
       {"PickupCalling", "PickedUp"}},
      {"ConferenceCreate",
       "Opens a conference, which lasts until it is ended.",
       {conference,
        {"max_parties", Type::Count, Presence::Optional, "how many at most; 100 by default", {}, 1, 1000},
        {"tones", Type::Flag, Presence::Optional, "a tone is heard when somebody comes or leaves"}},
       {}},
      {"ConferenceAdd",
       "Takes both parties of a call into a conference, or one; or calls somebody in.",
       {conference,
        {"callid", Type::CallId, Presence::Optional, "the call; either this or destination"},
        leg,
        {"destination", Type::Uri, Presence::Optional, "who is called"}},
       {"ConferenceCalling", "ConferenceJoined"}},
      {"ConferenceRemove", "Hangs up on a party of a conference.", {conference, party}, {}},
      {"ConferenceMute",
       "Nobody hears a party of a conference any more; or does again.",
       {conference, party, {"muted", Type::Flag, Presence::Optional, "false: it is heard again; true by default"}},
       {}},
      {"ConferenceEnd", "Hangs up on all parties of a conference.", {conference}, {}},
  };
}

/// What is about commands, what is asked, and what users have set up.
Infos infos_of_the_rest() {
  const ParameterInfo call_id = the_call();
  const ParameterInfo limit{"limit", Type::Count, Presence::Optional, "how many at most; 1000 by default", {}, 1, kMaxListed};
  const ParameterInfo user{"user", Type::Text, Presence::Required, "the name of an account"};
  return {
      {"CallEnd", "Hangs a call up.", {call_id}, {}},
      {"CallRedial",
       "As CallStart, as soon as neither of the two is in a call.",
       {{"caller", Type::Uri, Presence::Required, "whom to ring first, a user of the exchange"},
        {"callee", Type::Uri, Presence::Required, "whom to connect with it, another"},
        {"limit_s", Type::Count, Presence::Optional, "how many seconds to wait; 3600 by default", {}, 1, 86'400}},
       {"CalleeBusy", "CallerAnswered", "Transferring", "TransferStart", "TransferPending", "CalleeAnswered"}},
      {"CommandCancel", "Gives a command up that runs.", {{"target", Type::Text, Presence::Required, "its cmd_id"}}, {}},
      {"CallList", "Tells what calls there are.", {{"ended", Type::Flag, Presence::Optional, "also those that ended of late"}, limit}, {"Reply"}},
      {"CallInfo", "Tells what is known of a call.", {call_id}, {"Reply"}},
      {"RegistrationList", "Tells which phones are registered.", {limit}, {"Reply"}},
      {"UserFeatures", "Tells where calls of a user are forwarded, where he is looked for, and whom he may call and be called by.", {user}, {"Reply"}},
      {"UserFeaturesSet",
       "Changes some of that, for calls from now on.",
       {user,
        {"forward", Type::Forwarding, Presence::Optional, "where calls go instead"},
        {"find_me", Type::FindMe, Presence::Optional, "where he is looked for, one step after the other"},
        {"screening", Type::Screening, Presence::Optional, "who may call him, and whom he may call"},
        {"do_not_disturb", Type::Flag, Presence::Optional, "whether calls are refused as if he were busy"}},
       {"Reply"}},
      {"Subscribe",
       "Reports what happens to calls and phones until it is ended.",
       {{"what", Type::Word, Presence::Optional, "calls or registrations; both by default", {"calls", "registrations"}},
        {"callid", Type::CallId, Presence::Optional, "that call alone"},
        {"user", Type::Text, Presence::Optional, "who calls, is called or is registered"},
        {"after", Type::Count, Presence::Optional, "to go on behind the event of that number"},
        {"feed", Type::Text, Presence::Optional, "the feed that the number is of"}},
       {"Subscribed", "Missed", "CallStarted", "CallIncoming", "CallRinging", "CallAnswered", "CallHeld", "CallReplaced", "CallEnded", "MediaEnded",
        "Registered", "Unregistered", "PhoneLost", "PhoneBack"}},
      {"Unsubscribe", "Ends a subscription.", {{"target", Type::Text, Presence::Required, "its cmd_id"}}, {}},
      {"Echo", "Gives its parameters back, whatever they are.", {}, {"Reply"}},
  };
}

Infos make_infos() {
  Infos all = infos_of_calls();
  for (Infos (*const more)() : {infos_of_sound, infos_of_parties, infos_of_the_rest}) {
    Infos infos = more();
    for (MethodInfo& info : infos) {
      all.push_back(std::move(info));
    }
  }
  for (MethodInfo& info : all) {
    if (!is_answered_at_once(info.name)) {
      info.parameters.push_back({"deadline", Type::Count, Presence::Optional, "the command is given up after so many seconds", {}, 1, kMaxDeadline});
    }
  }
  return all;
}

}  // namespace

const std::vector<MethodInfo>& method_infos() {
  static const std::vector<MethodInfo> kInfos = make_infos();
  return kInfos;
}

namespace {

Json openrpc_document(std::string_view version) {
  Json::Array methods;
  for (const MethodInfo& method : method_infos()) {
    methods.push_back(to_json(method));
  }
  return object(
      {{"openrpc", json_text("1.3.2")},
       {"info",
        object({{"title", json_text("Callwright Call API")},
                {"version", json_text(version)},
                {"description", json_text("JSON-RPC 2.0 over WebSocket. A method is answered at once; its events follow as notifications under its name, with "
                                          "params.event and params.data, and the last of them is Ended.")}})},
       {"methods", Json{std::move(methods)}}});
}

}  // namespace

const std::string& openrpc_text() {
  static const std::string kText = [] {
    std::string text;
    append_json(text, openrpc_document(CALLWRIGHT_VERSION), MemberOrder::AsGiven);
    return text;
  }();
  return kText;
}

}  // namespace callwright::server::call_api
