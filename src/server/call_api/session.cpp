#include "server/call_api/session.hpp"

#include "base/log.hpp"
#include "server/call_api/json_values.hpp"
#include "server/call_api/openrpc.hpp"

#include <numeric>
#include <utility>

namespace callwright::server::call_api {

namespace {

using Kind = call::CommandEvent::Kind;

constexpr std::string_view kDiscover = "rpc.discover";  ///< Of OpenRPC.
constexpr std::size_t kMaxSubscriptions = 100;          ///< Of a connection.
constexpr std::size_t kMaxAnswered = 1024 * 1024;       ///< Bytes in answers to one message, before the last long one.

void append_to_batch(std::string& batch, const std::string& answer) {
  if (!answer.empty()) {
    batch += batch.empty() ? '[' : ',';
    batch += answer;
  }
}

}  // namespace

/// One Subscribe that has not ended.
class Session::Subscription final : public FeedReader {
 public:
  Subscription(Session& session, std::string_view method, std::string cmd_id) : session_(session), method_(method), cmd_id_(std::move(cmd_id)) {}
  ~Subscription() override { session_.feed_.remove(*this); }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  void on_feed(std::string_view event, std::string_view data) override {
    if (over_) {
      return;
    }
    if (session_.access_.expired()) {
      notify(Kind::Failed, "the token has expired; connect again with a new one");
      end();
      return;
    }
    session_.notify(session_.dialect_.report(method_, cmd_id_, event, data));
  }
  void end() {
    if (!std::exchange(over_, true)) {
      notify(Kind::Ended);
    }
  }

 private:
  void notify(Kind kind, const std::string& extra = {}) {
    call::CommandEvent event;
    event.kind = kind;
    event.extra = extra;
    session_.notify(session_.dialect_.event(method_, cmd_id_, event));
  }

  Session& session_;
  const std::string_view method_;  ///< A constant.
  const std::string cmd_id_;
  bool over_ = false;  ///< Its client has been told that it has ended.
};

Session::Session(WebSocketPeer& peer, CommandDesk& desk, Feed& feed, base::Random& random, Protocol protocol, Access access)
    : peer_(peer), desk_(desk), feed_(feed), random_(random), dialect_(*protocol.dialect), errors_(*protocol.errors), access_(std::move(access)) {}

Session::~Session() { desk_.leave(*this); }

std::optional<Scopes> Session::welcome() {
  const auto scopes = access_.scopes();
  if (!scopes && !std::exchange(turned_away_, true)) {
    base::log::info("websocket closed: its token was revoked", {{"who", access_.name()}, {"remote", peer_.remote()}});
    peer_.close(CloseCode::PolicyViolation, "the token was revoked");
  }
  return scopes;
}

void Session::on_message(std::string_view text) {
  const auto scopes = welcome();
  if (!scopes) {
    return;
  }
  feed_.catch_up();
  handling_ = true;
  const Envelope envelope = decode_envelope(text, errors_);
  std::string answer;
  if (envelope.shape == Envelope::Shape::Single) {
    answer = handle(envelope.entries.front(), *scopes);
  } else {
    for (const BatchEntry& entry : envelope.entries) {
      append_to_batch(answer, handle(entry, *scopes));
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
  handling_ = false;
}

std::string Session::handle(const BatchEntry& entry, Scopes scopes) {
  if (const auto* refused = std::get_if<RefusedRequest>(&entry)) {
    return errors_.answer(refused->id, refused->error);
  }
  const auto& request = std::get<Request>(entry);
  if (request.method == kDiscover) {
    return request.id ? result_answer(*request.id, openrpc_text()) : std::string();
  }
  const auto parsed = parse_command(request, random_, scopes);
  const auto* command = std::get_if<ParsedCommand>(&parsed);
  std::optional<RpcError> refused = command != nullptr ? launch(*command) : std::get<RpcError>(parsed);
  if (refused && refused->code == RpcCode::Forbidden && access_.expired()) {
    refused->message = "forbidden: this token has expired; connect again with a new one";
  }
  if (!refused) {
    log_start(*command);
  } else if (refused->code == RpcCode::Forbidden) {
    base::log::info("command forbidden", {{"who", access_.name()}, {"remote", peer_.remote()}, {"method", request.method}, {"reason", refused->message}});
  }
  if (!request.id) {
    return {};
  }
  return refused ? errors_.answer(*request.id, *refused) : dialect_.started(*request.id, command->cmd_id);
}

void Session::log_start(const ParsedCommand& command) const {
  // What changes nothing may come tens of thousands of times a second.
  const auto level = command.scope == Scope::CallRead ? base::log::Level::Debug : base::log::Level::Info;
  base::log::write(level, "command started", {{"who", access_.name()}, {"remote", peer_.remote()}, {"method", command.method}, {"cmd_id", command.cmd_id}});
}

std::optional<RpcError> Session::launch(const ParsedCommand& command) {
  return std::visit([this, &command](const auto& order) { return run(command, order); }, command.command);
}

std::optional<RpcError> Session::refusal(const std::string& cmd_id) const {
  if (subscriptions_.contains(cmd_id)) {
    return RpcError{RpcCode::InvalidParams, "cmd_id " + cmd_id + " is already in use by a subscription"};
  }
  return desk_.refusal(cmd_id);
}

std::optional<RpcError> Session::refusal_of_long_answer(const std::string& cmd_id) const {
  const std::size_t size = std::accumulate(after_answer_.begin(), after_answer_.end(), std::size_t{0},
                                           [](std::size_t sum, const std::string& message) { return sum + message.size(); });
  if (size > kMaxAnswered) {
    return RpcError{RpcCode::Busy, "this message has asked for too much at once; ask again in another"};
  }
  return refusal(cmd_id);
}

std::optional<RpcError> Session::reply(const ParsedCommand& command, const Json& data) {
  if (auto refused = refusal(command.cmd_id)) {
    return refused;
  }
  std::string text;
  append_json(text, data, MemberOrder::Sorted);
  after_answer_.push_back(dialect_.reply(command.method, command.cmd_id, text));
  notify_later(command, Kind::Ended);
  return std::nullopt;
}

std::optional<RpcError> Session::fail(const ParsedCommand& command, const std::string& why) {
  if (auto refused = refusal(command.cmd_id)) {
    return refused;
  }
  notify_later(command, Kind::Failed, why);
  notify_later(command, Kind::Ended);
  return std::nullopt;
}

std::optional<RpcError> Session::run(const ParsedCommand& command, const Echo& echo) { return reply(command, echo.params); }

/// Where Subscribe goes on without a gap.
Json::Object Session::position() const { return {{"feed", json_text(feed_.id())}, {"seq", json_number(feed_.latest())}}; }

std::optional<RpcError> Session::run(const ParsedCommand& command, const ListCalls& list) {
  if (auto refused = refusal_of_long_answer(command.cmd_id)) {
    return refused;
  }
  const CallBook& book = feed_.book();
  Json::Array calls;
  for (const BookedCall* const call : book.calls(list.ended, list.limit)) {
    calls.push_back(to_json(*call));
  }
  Json::Object data = position();
  data.push_back({"calls", Json{std::move(calls)}});
  data.push_back({"total", json_number(book.size())});
  return reply(command, Json{std::move(data)});
}

std::optional<RpcError> Session::run(const ParsedCommand& command, const GetCall& get) {
  const BookedCall* const call = feed_.book().find(get.call_id);
  if (call == nullptr) {
    return fail(command, "404 Dialog not found");
  }
  if (call->state != BookedCall::State::Up) {
    return reply(command, to_json(*call));
  }
  // How its media are only those know who have them.
  call::MeasureCall measure{{call->call_id}};
  if (!call->leg.empty()) {
    measure.call_ids.push_back(call->leg);
  }
  return run(command, call::Command(std::move(measure)));
}

std::optional<RpcError> Session::run(const ParsedCommand& command, const ListRegistrations& list) {
  if (auto refused = refusal_of_long_answer(command.cmd_id)) {
    return refused;
  }
  const CallBook& book = feed_.book();
  Json::Array registrations;
  for (const CallBook::Registration& registration : book.registrations(list.limit)) {
    registrations.push_back(to_json(registration));
  }
  Json::Object data = position();
  data.push_back({"registrations", Json{std::move(registrations)}});
  data.push_back({"total", json_number(book.registered())});
  return reply(command, Json{std::move(data)});
}

std::optional<RpcError> Session::run(const ParsedCommand& command, const Subscribe& subscribe) {
  if (auto refused = refusal_of_long_answer(command.cmd_id)) {
    return refused;
  }
  if (subscriptions_.size() >= kMaxSubscriptions) {
    return RpcError{RpcCode::Busy, "too many subscriptions on this connection; end one"};
  }
  auto made = std::make_unique<Subscription>(*this, command.method, command.cmd_id);
  Subscription& subscription = *made;
  subscriptions_.emplace(command.cmd_id, std::move(made));
  Json::Object data = position();
  std::string text;
  append_json(text, Json{std::move(data)}, MemberOrder::Sorted);
  subscription.on_feed("Subscribed", text);
  feed_.add(subscription, subscribe.filter, subscribe.position);
  return std::nullopt;
}

std::optional<RpcError> Session::run(const ParsedCommand& command, const Cancel& cancel) {
  if (auto refused = refusal(command.cmd_id)) {
    return refused;
  }
  if (const auto subscription = subscriptions_.find(cancel.target); subscription != subscriptions_.end()) {
    subscription->second->end();
    subscriptions_.erase(subscription);
  } else if (cancel.only == Cancel::Only::Subscriptions) {
    return fail(command, "404 Subscription not found");
  } else if (!desk_.cancel(cancel.target)) {
    return fail(command, "404 Command not found");
  }
  notify_later(command, Kind::Ended);
  return std::nullopt;
}

std::optional<RpcError> Session::run(const ParsedCommand& command, const Incomplete& incomplete) {
  if (errors_.incomplete_requests() == ErrorStyle::Incomplete::Refused) {
    return RpcError{RpcCode::InvalidParams, incomplete.problem, RpcError::Detail::MissingParameter};
  }
  return fail(command, incomplete.problem);
}

std::optional<RpcError> Session::run(const ParsedCommand& command, const call::Command& order) {
  if (auto refused = refusal(command.cmd_id)) {
    return refused;
  }
  return desk_.start(*this, {.method = command.method, .cmd_id = command.cmd_id, .command = order, .deadline = command.deadline});
}

void Session::notify_later(const ParsedCommand& command, Kind kind, const std::string& extra) {
  call::CommandEvent event;
  event.kind = kind;
  event.extra = extra;
  after_answer_.push_back(dialect_.event(command.method, command.cmd_id, event));
}

void Session::notify(std::string message) {
  if (handling_) {
    after_answer_.push_back(std::move(message));
  } else if (welcome()) {
    peer_.send(std::move(message));
  }
}

/// The answer of CallInfo: the call as it is by now.
std::string Session::measured(std::string_view method, std::string_view cmd_id, const call::CommandEvent& event) const {
  feed_.catch_up();
  const BookedCall* const call = feed_.book().find(event.call_id);
  if (call == nullptr) {
    call::CommandEvent failed;
    failed.kind = Kind::Failed;
    failed.extra = "404 Dialog not found";
    return dialect_.event(method, cmd_id, failed);
  }
  std::string text;
  append_json(text, to_json(*call, event.media == nullptr ? std::vector<call::LegQuality>() : *event.media), MemberOrder::Sorted);
  return dialect_.reply(method, cmd_id, text);
}

void Session::on_event(std::string_view method, std::string_view cmd_id, const call::CommandEvent& event) {
  std::string message = event.kind == Kind::MediaMeasured ? measured(method, cmd_id, event) : dialect_.event(method, cmd_id, event);
  if (!message.empty() && welcome()) {
    peer_.send(std::move(message));
  }
}

}  // namespace callwright::server::call_api
