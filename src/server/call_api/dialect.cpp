#include "server/call_api/dialect.hpp"

#include "server/call_api/features_json.hpp"
#include "server/call_api/json.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace callwright::server::call_api {

namespace {

using Event = call::CommandEvent;
using Kind = Event::Kind;

/// Something that an event tells, under its name on the wire.
struct Fact {
  std::string_view name;
  std::string Event::*value;
};

constexpr Fact kCallee{"callee", &Event::callee};
constexpr Fact kCaller{"caller", &Event::caller};
constexpr Fact kCallId{"callid", &Event::call_id};
constexpr Fact kDestination{"destination", &Event::destination};
constexpr Fact kLeg{"leg", &Event::leg};
constexpr Fact kExtra{"extra", &Event::extra};
constexpr Fact kFile{"file", &Event::extra};
constexpr Fact kSlot{"slot", &Event::extra};

/// What an event is called in each dialect ("": it is not sent), and what it tells.
struct EventForm {
  std::string_view name;
  std::string_view name_of_2020;
  std::array<const Fact*, 5> facts = {};
};

/// The one place where the events of the engine get their names. Facts are written when they are known.
EventForm form_of(Kind kind) {
  switch (kind) {
    case Kind::CallerAnswered: return {"CallerAnswered", "CALL_ANSWER", {&kCallee, &kCaller}};
    case Kind::Transferring: return {"Transferring", "TRANSFER_ACCEPT", {&kCaller, &kDestination}};
    case Kind::TransferStart: return {"TransferStart", "CALL_START", {&kCallee, &kCaller, &kCallId, &kDestination}};
    case Kind::TransferPending: return {"TransferPending", "", {&kCallee, &kCaller, &kCallId, &kDestination, &kExtra}};
    case Kind::TransferSuccessful: return {"TransferSuccessful", "", {&kCallId, &kDestination}};
    case Kind::CalleeAnswered: return {"CalleeAnswered", "CALL_ANSWER", {&kCallee, &kCaller, &kCallId}};
    case Kind::CallHolding: return {"CallHolding", ""};
    case Kind::CallHoldStart: return {"CallHoldStart", "", {&kLeg}};
    case Kind::CallHoldSuccessful: return {"CallHoldSuccessful", "CALL_HOLD", {&kLeg}};
    case Kind::CallUnholding: return {"CallUnholding", ""};
    case Kind::CallUnholdStart: return {"CallUnholdStart", "", {&kLeg}};
    case Kind::CallUnholdSuccessful: return {"CallUnholdSuccessful", "CALL_UNHOLD", {&kLeg}};
    case Kind::CallPlayStart: return {"CallPlayStart", "", {&kLeg}};
    case Kind::CallPlaySuccessful: return {"CallPlaySuccessful", "", {&kLeg}};
    case Kind::CallPlayStopped: return {"CallPlayStopped", "", {&kLeg}};
    case Kind::CallRecordStart: return {"CallRecordStart", "", {&kFile}};
    case Kind::CallRecordSuccessful: return {"CallRecordSuccessful", "", {&kFile}};
    case Kind::CallBridged: return {"CallBridged", "", {&kCallId}};
    case Kind::ConferenceCalling: return {"ConferenceCalling", "", {&kCallId, &kDestination}};
    case Kind::ConferenceJoined: return {"ConferenceJoined", "", {&kCallId}};
    case Kind::Parked: return {"Parked", "", {&kCallId, &kSlot}};
    case Kind::PickupCalling: return {"PickupCalling", "", {&kCallId, &kDestination}};
    case Kind::PickedUp: return {"PickedUp", "", {&kCallId}};
    case Kind::MediaMeasured: return {"", ""};  // A session makes it part of an answer.
    case Kind::Features: return {"Reply", "Reply"};
    case Kind::CalleeBusy: return {"CalleeBusy", "", {&kCallee}};
    case Kind::Failed: return {"Error", "Error"};
    case Kind::Ended: return {"Ended", "Ended"};
  }
  return {};
}

std::string features_of(const Event& event) {
  std::string text;
  append_json(text, to_json(event.features == nullptr ? call::UserFeatures() : *event.features), MemberOrder::Sorted);
  return text;
}

/// Names and values, neither yet as JSON.
using Texts = std::vector<std::pair<std::string_view, std::string_view>>;

/// What the event tells; the views are valid as long as the event.
Texts facts_of(const Event& event) {
  Texts facts;
  for (const Fact* fact : form_of(event.kind).facts) {
    if (fact != nullptr && !(event.*fact->value).empty()) {
      facts.emplace_back(fact->name, event.*fact->value);
    }
  }
  return facts;
}

/// An object of strings, sorted by name.
void append_object(std::string& out, Texts members) {
  std::sort(members.begin(), members.end());
  char separator = '{';
  for (const auto& [name, value] : members) {
    out += separator;
    separator = ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, value);
  }
  out += '}';
}

std::string answer_head(std::string_view id) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out += id;
  return out;
}

std::string notification_head(std::string_view method) {
  std::string out = R"({"jsonrpc":"2.0","method":)";
  append_json_string(out, method);
  out += R"(,"params":)";
  return out;
}

class CurrentDialect final : public Dialect {
 public:
  [[nodiscard]] std::string started(std::string_view id, std::string_view cmd_id) const override {
    std::string out = answer_head(id) + R"(,"result":)";
    append_object(out, {{"cmd_id", cmd_id}, {"event", "Started"}});
    return out + '}';
  }

  [[nodiscard]] std::string reply(std::string_view method, std::string_view cmd_id, std::string_view data) const override {
    return notification(method, cmd_id, "Reply", data);
  }

  [[nodiscard]] std::string report(std::string_view method, std::string_view cmd_id, std::string_view event, std::string_view data) const override {
    return notification(method, cmd_id, event, data);
  }

  [[nodiscard]] std::string event(std::string_view method, std::string_view cmd_id, const Event& event) const override {
    std::string data;
    if (event.kind == Kind::Failed) {
      append_json_string(data, event.extra);
    } else if (event.kind == Kind::Features) {
      data = features_of(event);
    } else if (Texts facts = facts_of(event); !facts.empty()) {
      append_object(data, std::move(facts));
    }
    return notification(method, cmd_id, form_of(event.kind).name, data);
  }

  /// `data` is JSON text, "" for none.
  static std::string notification(std::string_view method, std::string_view cmd_id, std::string_view event, std::string_view data) {
    std::string out = notification_head(method) + R"({"cmd_id":)";
    append_json_string(out, cmd_id);
    if (!data.empty()) {
      out += R"(,"data":)";
      out += data;
    }
    out += R"(,"event":)";
    append_json_string(out, event);
    return out + "}}";
  }
};

class DialectOf2020 final : public Dialect {
 public:
  [[nodiscard]] std::string started(std::string_view id, std::string_view cmd_id) const override {
    std::string out = answer_head(id) + R"(,"result":)";
    append_object(out, {{"cmd_id", cmd_id}, {"status", "Started"}});
    return out + '}';
  }

  [[nodiscard]] std::string reply(std::string_view /*method*/, std::string_view cmd_id, std::string_view data) const override {
    std::string out = notification_head("Event") + R"({"cmd_id":)";
    append_json_string(out, cmd_id);
    out += R"(,"data":)";
    out += data;
    return out + "}}";
  }

  [[nodiscard]] std::string report(std::string_view /*method*/, std::string_view cmd_id, std::string_view event, std::string_view data) const override {
    // There were no subscriptions then: as in the other, under the name that all progress has here.
    return CurrentDialect::notification("Event", cmd_id, event, data);
  }

  [[nodiscard]] std::string event(std::string_view method, std::string_view cmd_id, const Event& event) const override {
    const std::string_view name = form_of(event.kind).name_of_2020;
    switch (event.kind) {
      case Kind::Failed: return notification(name, {{"cmd_id", cmd_id}, {"error_msg", event.extra}});
      case Kind::Ended: return notification(name, {{"cmd_id", cmd_id}});
      case Kind::Features: return reply(method, cmd_id, features_of(event));
      default: break;
    }
    if (name.empty()) {
      return {};
    }
    // `data` was the name and nothing else; what a client needs to go on, the Call-ID above all, stands beside it.
    Texts params = facts_of(event);
    params.emplace_back("cmd_id", cmd_id);
    params.emplace_back("data", name);
    return notification("Event", std::move(params));
  }

 private:
  static std::string notification(std::string_view method, Texts params) {
    std::string out = notification_head(method);
    append_object(out, std::move(params));
    return out + '}';
  }
};

}  // namespace

const Dialect& current_dialect() noexcept {
  static const CurrentDialect kDialect;
  return kDialect;
}

const Dialect& dialect_of_2020() noexcept {
  static const DialectOf2020 kDialect;
  return kDialect;
}

const Dialect* find_dialect(std::string_view name) noexcept {
  if (name == "current") {
    return &current_dialect();
  }
  return name == "2020" ? &dialect_of_2020() : nullptr;
}

std::string result_answer(std::string_view id, std::string_view result) {
  std::string out = answer_head(id) + R"(,"result":)";
  out += result;
  return out + '}';
}

std::string error_answer(std::string_view id, int code, std::string_view message) {
  std::string out = answer_head(id) + R"(,"error":{"code":)" + std::to_string(code) + R"(,"message":)";
  append_json_string(out, message);
  return out + "}}";
}

}  // namespace callwright::server::call_api
