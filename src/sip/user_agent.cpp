#include "sip/user_agent.hpp"

#include <utility>

namespace callwright::sip {
namespace {

/// What has ended is destroyed in batches: a wake-up for each would cost more than the call.
constexpr base::Duration kSweepDelay = std::chrono::milliseconds(20);

/// Options that the peer insists on (RFC 3261 §8.2.2.3): none is offered here.
std::string required_options(const Message& request) {
  std::string options;
  request.for_each_value(Header::Require, [&options](std::string_view option) {
    options.append(options.empty() ? "" : ", ").append(option);
    return true;
  });
  return options;
}

}  // namespace

UserAgent::UserAgent(base::Timers& timers, base::Random& random, TransportPort& transport, Resolver& resolver, TransactionLayer::Settings settings)
    : layer_(timers, random, transport, std::move(settings)), resolver_(resolver), sweep_(timers, base::Callback::to<&UserAgent::sweep>(*this)) {
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
    settled_.push_back(std::move(found->second));
    retired_.erase(found);
    if (!sweep_.pending()) {
      sweep_.start(kSweepDelay);
    }
  }
}

void UserAgent::sweep() { settled_.clear(); }

std::string UserAgent::contact(const Flow& flow, std::string_view user) const {
  const auto local = layer_.transport().local_address(flow.transport, flow.remote);
  std::string text;
  text.reserve(user.size() + 64);
  text.append("<sip:").append(user).append(user.empty() ? "" : "@");
  local.value_or(flow.local).append_to(text);
  return text.append(uri_parameter(flow.transport)).append(">");
}

MatchKey UserAgent::dialog_key(std::string_view call_id, std::string_view local_tag) {
  key_text_.assign(call_id).append("|").append(local_tag);
  return layer_.key_maker()(key_text_);
}

void UserAgent::add(InviteSession& session) { sessions_[dialog_key(session.dialog().call_id, session.dialog().local_tag)] = &session; }

void UserAgent::remove(InviteSession& session) {
  const auto found = sessions_.find(dialog_key(session.dialog().call_id, session.dialog().local_tag));
  if (found != sessions_.end() && found->second == &session) {
    sessions_.erase(found);
  }
}

InviteSession* UserAgent::find(const Message& request) {
  const auto found = sessions_.find(dialog_key(request.call_id(), request.to().tag()));
  if (found == sessions_.end()) {
    return nullptr;
  }
  const std::string& remote_tag = found->second->dialog().remote_tag;
  return remote_tag.empty() || remote_tag == request.from().tag() ? found->second : nullptr;
}

void UserAgent::on_request(ServerTransaction& transaction, const Message& request) {
  if (request.method() == Method::Cancel) {
    on_cancel(transaction, request);
    return;
  }
  if (const std::string unsupported = required_options(request); !unsupported.empty()) {
    const std::string headers = "Unsupported: " + unsupported + "\r\n";
    transaction.respond({.status = 420, .headers = headers});
    return;
  }
  if (!request.to().tag().empty()) {
    InviteSession* const session = find(request);
    if (session == nullptr) {
      transaction.respond({.status = 481});
      return;
    }
    session->on_request(transaction, request);
    return;
  }
  if (request.method() == Method::Options) {
    std::string headers(kCapabilities);
    headers += "Accept: application/sdp\r\n";
    transaction.respond({.status = 200, .headers = headers});
    return;
  }
  if (handler_ == nullptr) {
    transaction.respond({.status = 480});
    return;
  }
  handler_->on_request(transaction, request);
}

void UserAgent::on_ack(const Message& ack) {
  if (InviteSession* const session = find(ack)) {
    session->on_ack(ack);
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
  invite->on_cancel();
}

}  // namespace callwright::sip
