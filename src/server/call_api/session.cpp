#include "server/call_api/session.hpp"

#include <utility>

namespace callwright::server::call_api {

namespace {

using Kind = call::CommandEvent::Kind;

void append_to_batch(std::string& batch, const std::string& answer) {
  if (!answer.empty()) {
    batch += batch.empty() ? '[' : ',';
    batch += answer;
  }
}

}  // namespace

Session::~Session() { desk_.leave(*this); }

void Session::on_message(std::string_view text) {
  const Envelope envelope = decode_envelope(text, errors_);
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
    return errors_.answer(refused->id, refused->error);
  }
  const auto& request = std::get<Request>(entry);
  const auto parsed = parse_command(request, random_);
  const auto* command = std::get_if<ParsedCommand>(&parsed);
  const std::optional<RpcError> refused = command != nullptr ? launch(*command) : std::get<RpcError>(parsed);
  if (!request.id) {
    return {};
  }
  return refused ? errors_.answer(*request.id, *refused) : dialect_.started(*request.id, command->cmd_id);
}

std::optional<RpcError> Session::launch(const ParsedCommand& command) {
  return std::visit([this, &command](const auto& order) { return run(command, order); }, command.command);
}

std::optional<RpcError> Session::run(const ParsedCommand& command, const Echo& echo) {
  if (auto refused = desk_.refusal(command.cmd_id)) {
    return refused;
  }
  std::string data;
  append_json(data, echo.params, MemberOrder::Sorted);
  after_answer_.push_back(dialect_.reply(command.method, command.cmd_id, data));
  notify_later(command, Kind::Ended);
  return std::nullopt;
}

std::optional<RpcError> Session::run(const ParsedCommand& command, const Incomplete& incomplete) {
  if (errors_.incomplete_requests() == ErrorStyle::Incomplete::Refused) {
    return RpcError{RpcCode::InvalidParams, incomplete.problem, RpcError::Detail::MissingParameter};
  }
  if (auto refused = desk_.refusal(command.cmd_id)) {
    return refused;
  }
  notify_later(command, Kind::Failed, incomplete.problem);
  notify_later(command, Kind::Ended);
  return std::nullopt;
}

std::optional<RpcError> Session::run(const ParsedCommand& command, const call::Command& order) {
  return desk_.start(*this, command.method, command.cmd_id, order);
}

void Session::notify_later(const ParsedCommand& command, Kind kind, const std::string& extra) {
  call::CommandEvent event;
  event.kind = kind;
  event.extra = extra;
  after_answer_.push_back(dialect_.event(command.method, command.cmd_id, event));
}

void Session::on_event(std::string_view method, std::string_view cmd_id, const call::CommandEvent& event) {
  std::string message = dialect_.event(method, cmd_id, event);
  if (!message.empty()) {
    peer_.send(std::move(message));
  }
}

}  // namespace callwright::server::call_api
