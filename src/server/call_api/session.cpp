#include "server/call_api/session.hpp"

#include "server/call_api/dialect.hpp"

#include <utility>

namespace callwright::server::call_api {

namespace {

void append_to_batch(std::string& batch, const std::string& answer) {
  if (!answer.empty()) {
    batch += batch.empty() ? '[' : ',';
    batch += answer;
  }
}

}  // namespace

Session::~Session() { desk_.leave(*this); }

void Session::on_message(std::string_view text) {
  const Envelope envelope = decode_envelope(text);
  std::string answer;
  if (envelope.shape == Envelope::Shape::Single) {
    answer = handle(envelope.entries.front());
  } else {
    for (const BatchEntry& entry : envelope.entries) {
      append_to_batch(answer, handle(entry));
    }
    if (!answer.empty()) {
      answer += ']';
    }
  }
  if (!answer.empty()) {
    peer_.send(std::move(answer));
  }
  for (std::string& message : after_answer_) {
    peer_.send(std::move(message));
  }
  after_answer_.clear();
}

std::string Session::handle(const BatchEntry& entry) {
  if (const auto* refused = std::get_if<RefusedRequest>(&entry)) {
    return error_answer(refused->id, refused->error);
  }
  const auto& request = std::get<Request>(entry);
  auto parsed = parse_command(request, random_);
  if (auto* command = std::get_if<ParsedCommand>(&parsed)) {
    return launch(request, std::move(*command));
  }
  return request.id ? error_answer(*request.id, std::get<RpcError>(parsed)) : std::string();
}

std::string Session::launch(const Request& request, ParsedCommand command) {
  std::optional<RpcError> refused;
  if (const auto* echo = std::get_if<Echo>(&command.command)) {
    refused = desk_.refusal(command.cmd_id);
    if (!refused) {
      std::string data;
      append_json(data, echo->params, MemberOrder::Sorted);
      after_answer_.push_back(notification(command.method, command.cmd_id, "Reply", data));
      after_answer_.push_back(notification(command.method, command.cmd_id, "Ended", ""));
    }
  } else if (auto* start = std::get_if<call::StartCall>(&command.command)) {
    refused = desk_.start(*this, command.method, command.cmd_id, std::move(*start));
  } else {
    refused = desk_.start(*this, command.method, command.cmd_id, std::get<call::EndCall>(std::move(command.command)));
  }
  if (!request.id) {
    return {};
  }
  return refused ? error_answer(*request.id, *refused) : started_answer(*request.id, command.cmd_id);
}

void Session::on_event(std::string_view method, std::string_view cmd_id, const call::CommandEvent& event) {
  peer_.send(event_notification(method, cmd_id, event));
}

}  // namespace callwright::server::call_api
