#include "opensips/mi_client.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace callwright::opensips {
namespace {

constexpr std::size_t kPrefixSize = 8;
constexpr base::Duration kFirstPause = std::chrono::milliseconds(500);
constexpr base::Duration kLongestPause = std::chrono::seconds(4);
// JSON-RPC 2.0 §5.1; the second is OpenSIPS 4's for an old name that two modules have.
constexpr int kMethodNotFound = -32601;
constexpr int kMethodAmbiguous = -32001;

struct Names {
  std::string_view three;
  std::string_view four;
  std::string_view module;
};

/// In the order of MiCommand.
constexpr std::array<Names, 13> kNames = {{
    {"t_uac_dlg", "tm:uac_dlg", "tm"},
    {"t_uac_cancel", "tm:uac_cancel", "tm"},
    {"call_transfer", "callops:transfer", "callops"},
    {"call_hold", "callops:hold", "callops"},
    {"call_unhold", "callops:unhold", "callops"},
    {"dlg_end_dlg", "dialog:end_dlg", "dialog"},
    {"dlg_list", "dialog:list", "dialog"},
    {"dlg_send_sequential", "dialog:send_sequential", "dialog"},
    {"ul_dump", "usrloc:dump", "usrloc"},
    {"event_subscribe", "evi:subscribe", "the core"},
    {"ua_session_client_start", "b2b_entities:ua_session_client_start", "b2b_entities"},
    {"ua_session_reply", "b2b_entities:ua_session_reply", "b2b_entities"},
    {"ua_session_terminate", "b2b_entities:ua_session_terminate", "b2b_entities"},
}};

const Names& names_of(MiCommand command) noexcept { return kNames.at(static_cast<std::size_t>(command)); }

}  // namespace

std::string_view to_string(MiCommand command) noexcept { return names_of(command).three; }

MiRequest::MiRequest(MiClient& client, Handler handler)
    : client_(client),
      handler_(std::move(handler)),
      repeat_timer_(client.timers_, base::Callback::to<&MiRequest::on_repeat>(*this)),
      deadline_(client.timers_, base::Callback::to<&MiRequest::on_deadline>(*this)) {}

void MiRequest::send(MiCommand command, base::Json::Object params, Repeat repeat, base::Duration deadline) {
  cancel();
  command_ = command;
  params_ = std::move(params);
  repeat_ = repeat;
  pause_ = kFirstPause;
  repeated_ = false;
  tried_other_name_ = false;
  deadline_.start(deadline);
  naming_ = client_.naming_;
  id_ = client_.next_id();
  client_.requests_.emplace(id_, this);
  transmit();
}

void MiRequest::cancel() {
  client_.requests_.erase(id_);
  id_.clear();
  repeat_timer_.cancel();
  deadline_.cancel();
}

void MiRequest::transmit() {
  const Names& names = names_of(command_);
  client_.wire_.send(write_request(id_, naming_ == MiNaming::Three ? names.three : names.four, params_));
  if (repeat_ == Repeat::WhileUnanswered) {
    repeat_timer_.start(pause_);
    pause_ = std::min(pause_ * 2, kLongestPause);
  }
}

void MiRequest::on_repeat() {
  repeated_ = true;
  transmit();
}

void MiRequest::on_deadline() {
  report({.kind = MiOutcome::Kind::Silent, .result = {}, .code = 0, .text = "503 OpenSIPS does not answer", .repeated = repeated_});
}

void MiRequest::on_answer(const MiAnswer& answer) {
  repeat_timer_.cancel();
  if (!answer.failed) {
    report({.kind = MiOutcome::Kind::Answered, .result = answer.result, .code = 0, .text = {}, .repeated = repeated_});
    return;
  }
  if (try_other_name(answer)) {
    return;
  }
  MiOutcome outcome{.kind = MiOutcome::Kind::Refused, .result = {}, .code = answer.code, .text = answer.error_text(), .repeated = repeated_};
  if (answer.code == kMethodNotFound) {
    const Names& names = names_of(command_);
    outcome.text = "501 Not Implemented: OpenSIPS has no " + std::string(names.three) + "; load its module " + std::string(names.module);
  }
  report(outcome);
}

bool MiRequest::try_other_name(const MiAnswer& answer) {
  if ((answer.code != kMethodNotFound && answer.code != kMethodAmbiguous) || std::exchange(tried_other_name_, true)) {
    return false;
  }
  naming_ = naming_ == MiNaming::Three ? MiNaming::Four : MiNaming::Three;
  client_.naming_ = naming_;
  // Under a new id: the same refusal may come twice.
  client_.requests_.erase(id_);
  id_ = client_.next_id();
  client_.requests_.emplace(id_, this);
  transmit();
  return true;
}

void MiRequest::report(const MiOutcome& outcome) {
  const std::string id = std::exchange(id_, {});
  client_.requests_.erase(id);
  repeat_timer_.cancel();
  const Next next = handler_(outcome);
  if (pending()) {
    return;  // The handler has sent the next one.
  }
  if (next == Next::Wait && outcome.kind != MiOutcome::Kind::Silent) {
    id_ = id;
    client_.requests_.emplace(id_, this);
  } else {
    deadline_.cancel();
  }
}

MiClient::MiClient(base::Timers& timers, base::Random& random, Wire& wire) : timers_(timers), wire_(wire), prefix_(random.token(kPrefixSize) + "-") {}

std::string MiClient::next_id() { return prefix_ + std::to_string(++last_); }

void MiClient::on_answer(const MiAnswer& answer) {
  const auto request = requests_.find(answer.id);
  if (request == requests_.end()) {
    base::log::debug("an answer of OpenSIPS comes late or twice", {{"id", answer.id}});
    return;
  }
  request->second->on_answer(answer);
}

}  // namespace callwright::opensips
