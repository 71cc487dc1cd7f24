#include "sip/user_agent.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

bool understands(const SessionPolicy& policy, std::string_view option) {
  const bool named = policy.named_dialogs != SessionPolicy::NamedDialogs::Ignored;
  const bool joins = policy.named_dialogs == SessionPolicy::NamedDialogs::Heeded;
  return (policy.reliable != SessionPolicy::Reliable::Off && equals_ignoring_case(option, "100rel")) ||
         (policy.timers != SessionPolicy::Timers::Off && equals_ignoring_case(option, "timer")) ||
         (named && (equals_ignoring_case(option, "replaces") || equals_ignoring_case(option, "tdialog"))) || (joins && equals_ignoring_case(option, "join")) ||
         equals_ignoring_case(option, "norefersub") || equals_ignoring_case(option, "199");
}

/// RFC 3327, RFC 5626, RFC 5627.
bool registrars_understand(std::string_view option) {
  return equals_ignoring_case(option, "path") || equals_ignoring_case(option, "outbound") || equals_ignoring_case(option, "gruu");
}

/// Options that the peer insists on and this side does not know (RFC 3261 §8.2.2.3).
std::string unknown_options(const Message& request, const SessionPolicy& policy) {
  std::string options;
  if (!request.has(Header::Require)) {
    return options;
  }
  request.for_each_value(Header::Require, [&](std::string_view option) {
    if (!understands(policy, option) && !(request.method() == Method::Register && registrars_understand(option))) {
      options.append(options.empty() ? "" : ", ").append(option);
    }
    return true;
  });
  return options;
}

constexpr std::string_view kSdp = "application/sdp";
constexpr std::string_view kAcceptSdp = "Accept: application/sdp\r\n";

/// RFC 3261 §8.2.3. A body without a type is taken for what it usually is.
bool understands_body(const Message& request) {
  const std::string_view type = request.content_type();
  if (request.body().empty() || type.empty() || equals_ignoring_case(type, kSdp)) {
    return true;
  }
  const auto disposition = TokenWithParameters::parse(request.header(Header::ContentDisposition).value_or(std::string_view{}));
  return equals_ignoring_case(disposition.parameters.find("handling").value_or(std::string_view{}), "optional");
}

/// RFC 3261 §20.1: an empty Accept takes nothing.
bool accepts_sdp(const Message& request) {
  bool accepts = false;
  request.for_each_value(Header::Accept, [&accepts](std::string_view value) {
    const std::string_view range = TokenWithParameters::parse(value).token;
    accepts = accepts || equals_ignoring_case(range, kSdp) || equals_ignoring_case(range, "application/*") || range == "*/*";
    return !accepts;
  });
  return accepts;
}

std::size_t count_fields(const Message& message, Header id, std::string_view name) {
  const auto named = [id, name](const HeaderField& field) { return field.id == id && (id != Header::Other || equals_ignoring_case(field.name, name)); };
  return static_cast<std::size_t>(std::count_if(message.headers().begin(), message.headers().end(), named));
}

/// RFC 3891 §3, RFC 3911 §4: what an INVITE that names this dialog is refused with; 0 when it may go on.
int refuse_named(const InviteSession* named, const DialogName& name) {
  using State = InviteSession::State;
  if (named == nullptr) {
    return 481;
  }
  if (named->state() == State::Ended) {
    return 603;
  }
  const bool answered = named->state() == State::Accepted || named->state() == State::Confirmed;
  if (answered) {
    return name.stage == DialogName::Stage::EarlyOnly ? 486 : 0;
  }
  // An early dialog may be taken over only from the side that made the call.
  return named->role() == InviteSession::Role::Caller ? 0 : 481;
}

}  // namespace

void UserAgent::Handler::on_replaces(ServerTransaction& transaction, const Message& /*invite*/, InviteSession& /*replaced*/) {
  transaction.respond({.status = 488});
}

void UserAgent::Handler::on_join(ServerTransaction& transaction, const Message& /*invite*/, InviteSession& /*joined*/) { transaction.respond({.status = 488}); }

UserAgent::UserAgent(base::Timers& timers, base::Random& random, TransportPort& transport, Resolver& resolver, TransactionLayer::Settings settings)
    : layer_(timers, random, transport, std::move(settings)), resolver_(resolver), locator_(resolver, timers.clock(), random), settled_(timers) {
  layer_.set_core(*this);
}

UserAgent::~UserAgent() {
  // Sessions use what is declared after them when they go.
  settled_.clear();
  retired_.clear();
}

std::unique_ptr<InviteSession> UserAgent::call(InviteSession::CallerOptions options, InviteSessionObserver& observer) {
  return std::make_unique<InviteSession>(*this, std::move(options), observer);
}

std::unique_ptr<InviteSession> UserAgent::answer(ServerTransaction& transaction, const Message& invite, std::string contact_user,
                                                 InviteSessionObserver& observer) {
  return std::make_unique<InviteSession>(*this, transaction, invite, std::move(contact_user), observer);
}

void UserAgent::retire(std::unique_ptr<InviteSession> session) {
  if (session == nullptr) {
    return;
  }
  InviteSession& retiring = *session;
  retired_.emplace(&retiring, std::move(session));
  retiring.detach_observer();
  retiring.end();
  on_settled(retiring);
}

void UserAgent::on_settled(InviteSession& session) {
  if (!session.idle()) {
    return;
  }
  if (const auto found = retired_.find(&session); found != retired_.end()) {
    settled_.add(std::move(found->second));
    retired_.erase(found);
  }
}

std::string UserAgent::contact(const Flow& flow, std::string_view user) const {
  std::string text;
  append_contact(text, flow, user);
  return text;
}

void UserAgent::append_contact(std::string& text, const Flow& flow, std::string_view user) const {
  if (user.starts_with("sip:") || user.starts_with("sips:")) {
    text.append("<").append(user).append(">");
    return;
  }
  const std::size_t end = user.find('>');
  const std::string_view parameters = end == std::string_view::npos ? std::string_view{} : user.substr(end + 1);
  user = user.substr(0, end);
  text.append("<sip:").append(user).append(user.empty() ? "" : "@");
  layer_.transport().local_address(flow.transport, flow.remote).value_or(flow.local).append_to(text);
  text.append(uri_parameter(flow.transport)).append(">").append(parameters);
}

MatchKey UserAgent::dialog_key(std::string_view call_id, std::string_view local_tag) {
  key_text_.assign(call_id).append("|").append(local_tag);
  return layer_.key_maker()(key_text_);
}

void UserAgent::add(InviteSession& session) {
  sessions_[dialog_key(session.dialog().call_id, session.dialog().local_tag)] = &session;
  session.listed_ = true;
}

void UserAgent::remove(InviteSession& session) {
  if (!std::exchange(session.listed_, false)) {
    return;
  }
  const auto found = sessions_.find(dialog_key(session.dialog().call_id, session.dialog().local_tag));
  if (found != sessions_.end() && found->second == &session) {
    sessions_.erase(found);
  }
}

InviteSession* UserAgent::look_up(std::string_view call_id, std::string_view local_tag) {
  const auto found = sessions_.find(dialog_key(call_id, local_tag));
  return found == sessions_.end() ? nullptr : found->second;
}

InviteSession* UserAgent::find(const Message& request) {
  InviteSession* const session = look_up(request.call_id(), request.to().tag());
  if (session == nullptr) {
    return nullptr;
  }
  const std::string& remote_tag = session->dialog().remote_tag;
  return remote_tag.empty() || remote_tag == request.from().tag() ? session : nullptr;
}

InviteSession* UserAgent::find(const DialogName& name) {
  InviteSession* const session = look_up(name.call_id, name.local_tag);
  if (session == nullptr) {
    return nullptr;
  }
  const std::string& remote_tag = session->dialog().remote_tag;
  // A call that nobody has answered has the tags of its early dialogs.
  return remote_tag == name.remote_tag || (remote_tag.empty() && session->has_early_tag(name.remote_tag)) ? session : nullptr;
}

InviteSession* UserAgent::target_dialog(const Message& request) {
  const auto name = DialogName::parse_target(request.header("Target-Dialog").value_or(std::string_view{}));
  InviteSession* const session = name ? find(*name) : nullptr;
  return session != nullptr && session->state() != InviteSession::State::Ended ? session : nullptr;
}

bool UserAgent::refuse_extensions(ServerTransaction& transaction, const Message& request) const {
  if (const std::string unsupported = unknown_options(request, policy_); !unsupported.empty()) {
    const std::string headers = "Unsupported: " + unsupported + "\r\n";
    transaction.respond({.status = 420, .headers = headers});
    return true;
  }
  return false;
}

bool UserAgent::refuse_by_policy(ServerTransaction& transaction, const Message& request) const {
  if (request.method() != Method::Invite) {
    return false;
  }
  if (interval_too_small(request, policy_)) {
    const std::string headers = "Min-SE: " + std::to_string(policy_.min_interval.count()) + "\r\n";
    transaction.respond({.status = 422, .headers = headers});
    return true;
  }
  if (policy_.reliable == SessionPolicy::Reliable::Required && !request.lists(Header::Supported, "100rel") && !request.lists(Header::Require, "100rel")) {
    transaction.respond({.status = 421, .headers = "Require: 100rel\r\n"});
    return true;
  }
  return false;
}

bool UserAgent::refuse_uri_or_body(ServerTransaction& transaction, const Message& request) {
  // RFC 3261 §8.2.2.1, and §19.1.1: a Request-URI has no headers.
  const auto uri = UriView::parse(request.request_uri());
  if (!uri || !uri->headers.empty()) {
    const bool other_scheme = !uri && uri.error().code == base::make_error_code(base::Errc::Unsupported);
    transaction.respond({.status = other_scheme ? 416 : 400, .reason = other_scheme ? "" : "Bad Request-URI"});
    return true;
  }
  if (request.method() != Method::Invite) {
    return false;
  }
  if (!understands_body(request)) {
    transaction.respond({.status = 415, .headers = kAcceptSdp});
    return true;
  }
  if (request.has(Header::Accept) && !accepts_sdp(request)) {
    transaction.respond({.status = 406, .headers = kAcceptSdp});
    return true;
  }
  return false;
}

bool UserAgent::handle_named_dialog(ServerTransaction& transaction, const Message& invite) {
  if (policy_.named_dialogs == SessionPolicy::NamedDialogs::Ignored) {
    return false;
  }
  const std::size_t replaces = count_fields(invite, Header::Replaces, {});
  const std::size_t joins = count_fields(invite, Header::Other, "Join");
  if (replaces + joins == 0) {
    return false;
  }
  const auto name = DialogName::parse((replaces != 0 ? invite.header(Header::Replaces) : invite.header("Join")).value_or(std::string_view{}));
  if (replaces + joins != 1 || !name || invite.method() != Method::Invite) {
    transaction.respond({.status = 400, .reason = "Bad Replaces or Join"});
    return true;
  }
  InviteSession* const named = find(*name);
  if (const int refused = refuse_named(named, *name); refused != 0) {
    transaction.respond({.status = refused});
  } else if (replaces != 0) {
    handler_->on_replaces(transaction, invite, *named);
  } else {
    handler_->on_join(transaction, invite, *named);
  }
  return true;
}

void UserAgent::on_request(ServerTransaction& transaction, const Message& request) {
  if (request.method() == Method::Cancel) {
    on_cancel(transaction, request);
    return;
  }
  if (!request.to().tag().empty()) {
    if (refuse_extensions(transaction, request)) {
      return;
    }
    if (InviteSession* const session = find(request)) {
      session->on_request(transaction, request);
    } else if (const auto usage = usages_.find(dialog_key(request.call_id(), request.to().tag())); usage != usages_.end()) {
      usage->second->on_request(transaction, request);
    } else {
      transaction.respond({.status = 481});
    }
    return;
  }
  // RFC 3261 §8.2: first who asks, then what for, then how; session timers (422) and reliable responses (421) come last.
  const bool admitted = handler_ == nullptr || request.method() == Method::Options || handler_->admit(transaction, request);
  if (!admitted || refuse_extensions(transaction, request) || refuse_uri_or_body(transaction, request) || refuse_by_policy(transaction, request)) {
    return;
  }
  if (request.method() == Method::Options) {
    std::string headers;
    append_capabilities(headers, policy_);
    headers += kAcceptSdp;
    headers += handler_ != nullptr ? handler_->capabilities() : std::string_view{};
    transaction.respond({.status = 200, .headers = headers});
    return;
  }
  if (handler_ == nullptr) {
    transaction.respond({.status = 480});
    return;
  }
  if (!handle_named_dialog(transaction, request)) {
    handler_->on_request(transaction, request);
  }
}

void UserAgent::on_ack(const Message& ack) {
  if (InviteSession* const session = find(ack)) {
    session->on_ack(ack);
  }
}

void UserAgent::add_usage(std::string_view call_id, std::string_view local_tag, DialogUsage& usage) { usages_[dialog_key(call_id, local_tag)] = &usage; }

void UserAgent::remove_usage(std::string_view call_id, std::string_view local_tag, DialogUsage& usage) {
  const auto found = usages_.find(dialog_key(call_id, local_tag));
  if (found != usages_.end() && found->second == &usage) {
    usages_.erase(found);
  }
}

void UserAgent::watch_flow(ConnectionId connection, FlowWatcher& watcher) {
  if (connection) {
    watchers_.emplace(connection.value, &watcher);
  }
}

void UserAgent::unwatch_flow(ConnectionId connection, FlowWatcher& watcher) {
  const auto [first, last] = watchers_.equal_range(connection.value);
  const auto found = std::find_if(first, last, [&watcher](const auto& entry) { return entry.second == &watcher; });
  if (found != last) {
    watchers_.erase(found);
  }
}

void UserAgent::on_flow_failed(const Flow& flow) {
  // One at a time: each may add or remove others.
  for (auto node = watchers_.extract(flow.connection.value); !node.empty(); node = watchers_.extract(flow.connection.value)) {
    node.mapped()->on_flow_failed();
  }
  if (handler_ != nullptr) {
    handler_->on_flow_failed(flow);
  }
}

void UserAgent::on_keep_alive(const Flow& flow, std::string_view bytes) {
  if (flow.connection) {
    const auto [first, last] = watchers_.equal_range(flow.connection.value);
    std::for_each(first, last, [](const auto& entry) { entry.second->on_pong(); });
    return;
  }
  const auto answer = stun_.empty() ? std::nullopt : read_stun_answer(bytes);
  if (const auto found = answer ? stun_.find(answer->transaction) : stun_.end(); found != stun_.end()) {
    StunUser& user = *found->second;
    stun_.erase(found);
    user.on_stun_answer(flow.remote, *answer);
  }
}

void UserAgent::on_cancel(ServerTransaction& transaction, const Message& cancel) {
  ServerTransaction* const invite = layer_.find_cancelled(cancel);
  if (invite == nullptr) {
    transaction.respond({.status = 481});
    return;
  }
  transaction.set_to_tag(invite->to_tag());
  transaction.respond({.status = 200});
  if (cancel.has(Header::Reason)) {
    if (InviteSession* const session = look_up(cancel.call_id(), invite->to_tag())) {
      session->note_cancel_cause(cancel);
    }
  }
  invite->on_cancel();
}

}  // namespace callwright::sip
