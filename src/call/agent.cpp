#include "call/agent.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

base::Result<std::unique_ptr<Agent>> Agent::make(sip::UserAgent& user_agent, media::MediaPort& media, EventSink& events, AgentOptions options) {
  auto capabilities = capabilities_of(options.media, media.fingerprint());
  if (!capabilities) {
    return capabilities.error();
  }
  return std::unique_ptr<Agent>(new Agent(user_agent, media, events, std::move(options), std::move(*capabilities)));
}

Agent::Agent(sip::UserAgent& user_agent, media::MediaPort& media, EventSink& events, AgentOptions options, sdp::AudioCapabilities capabilities)
    : user_agent_(user_agent),
      media_(media),
      events_(events),
      options_(std::move(options)),
      capabilities_(std::move(capabilities)),
      registration_(user_agent,
                    {.address_of_record = options_.address_of_record,
                     .registrar = options_.registrar,
                     .contact_user = std::string(sip::user_of(options_.address_of_record)),
                     .display_name = options_.display_name,
                     .routes = options_.routes,
                     .headers = options_.headers,
                     .credentials = credentials(),
                     .expires = options_.registered_for,
                     .instance = options_.instance},
                    *this),
      finished_(user_agent.timers()) {}

Agent::~Agent() {
  // Calls use the agent while they are destroyed.
  std::exchange(calls_, {}).clear();
  finished_.clear();
  for (const auto& [stream, listener] : ending_streams_) {
    media_.abandon(stream);
  }
}

sip::Credentials Agent::credentials() const {
  return {options_.auth_user.empty() ? std::string(sip::user_of(options_.address_of_record)) : options_.auth_user, options_.password};
}

std::vector<std::string> Agent::route_set() const {
  std::vector<std::string> routes = options_.routes;
  const std::vector<std::string>& service = registration_.service_route();
  routes.insert(routes.end(), service.begin(), service.end());
  return routes;
}

std::string Agent::routed(std::string uri) const {
  const auto registrar = sip::UriView::parse(options_.registrar);
  const auto wanted = sip::UriView::parse(uri);
  const bool plain = wanted && wanted->scheme == sip::UriView::Scheme::Sip && !wanted->has_parameter("transport") && wanted->headers.empty();
  if (!options_.routes.empty() || !registrar || !plain) {
    return uri;
  }
  const std::string_view transport = registrar->parameter("transport").value_or("");
  return transport.empty() ? uri : uri + ";transport=" + std::string(transport);
}

std::string Agent::contact() const {
  const std::string& gruu = registration_.public_gruu();
  return gruu.empty() ? std::string(sip::user_of(options_.address_of_record)) : gruu;
}

AgentCall& Agent::dial(OutgoingCall outgoing) {
  auto made = std::make_unique<AgentCall>(*this, outgoing.referrer);
  AgentCall& call = *made;
  calls_.emplace(&call, std::move(made));
  call.dial(std::move(outgoing));
  return call;
}

void Agent::say(const media::SourceSpec& source) {
  options_.source = source;
  for (const auto& [call, owned] : calls_) {
    call->play(source);
  }
}

void Agent::receive(sip::ServerTransaction& transaction, const sip::Message& invite) {
  if (refusal_) {
    transaction.respond({.status = refusal_->status, .reason = refusal_->reason, .headers = refusal_->headers});
    return;
  }
  if (calls_.size() >= options_.max_calls) {
    transaction.respond({.status = 486, .reason = "Max Calls"});
    return;
  }
  auto made = std::make_unique<AgentCall>(*this, nullptr);
  AgentCall& call = *made;
  calls_.emplace(&call, std::move(made));
  call.receive(transaction, invite);
}

void Agent::hang_up_all() {
  std::vector<AgentCall*> calls;
  for (const auto& [call, owned] : calls_) {
    calls.push_back(call);
  }
  for (AgentCall* const call : calls) {
    if (calls_.contains(call)) {
      call->hang_up();
    }
  }
}

const sdp::Negotiated* Agent::negotiated() const noexcept {
  const auto found = std::find_if(calls_.begin(), calls_.end(), [](const auto& call) { return call.first->negotiated() != nullptr; });
  return found == calls_.end() ? nullptr : found->first->negotiated();
}

void Agent::finish(AgentCall& call) {
  if (auto node = calls_.extract(&call)) {
    finished_.add(std::move(node.mapped()));
  }
}

AgentCall* Agent::find(std::string_view call_id) const noexcept {
  const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const auto& call) { return call.first->call_id() == call_id; });
  return found == calls_.end() ? nullptr : found->first;
}

void Agent::end_stream(media::StreamId stream, std::unique_ptr<AgentStream> listener) {
  listener->leave_call();
  ending_streams_.emplace(stream, std::move(listener));
}

void Agent::forget_stream(media::StreamId stream) { ending_streams_.erase(stream); }

void Agent::report(const std::string& call_id, decltype(Event::what) what) {
  events_.on_event({.time = user_agent_.timers().clock().wall_now(), .agent = options_.name, .call_id = call_id, .what = std::move(what)});
}

void Agent::on_registered(sip::RegisterClient& /*client*/, std::chrono::seconds expires) { report({}, Registered{expires}); }

void Agent::on_registration_failed(sip::RegisterClient& /*client*/, int status, std::string_view reason) {
  report({}, RegistrationFailed{status, std::string(reason)});
}

void Agent::on_unregistered(sip::RegisterClient& /*client*/) { report({}, Unregistered{}); }

Agents::Agents(sip::UserAgent& user_agent) : user_agent_(user_agent) { user_agent_.set_handler(this); }

Agents::~Agents() { user_agent_.set_handler(nullptr); }

base::Result<Agent*> Agents::add(media::MediaPort& media, EventSink& events, AgentOptions options) {
  std::string user(sip::user_of(options.address_of_record));
  auto made = Agent::make(user_agent_, media, events, std::move(options));
  if (!made) {
    return made.error();
  }
  auto& agent = agents_[std::move(user)];
  agent = std::move(*made);
  return agent.get();
}

Agent* Agents::agent_for(const sip::Message& request) const {
  auto found = agents_.find(sip::unescape(sip::user_of(request.request_uri())));
  if (found == agents_.end() && takes_strangers_ && agents_.size() == 1) {
    found = agents_.begin();
  }
  return found == agents_.end() ? nullptr : found->second.get();
}

void Agents::on_request(sip::ServerTransaction& transaction, const sip::Message& request) {
  const bool text = request.method() == sip::Method::Message;
  const bool subscribes = request.method() == sip::Method::Subscribe && !capabilities().empty();
  if (request.method() != sip::Method::Invite && !text && !subscribes) {
    transaction.respond({.status = 405, .headers = std::string(sip::UserAgent::kAllow).append(capabilities())});
    return;
  }
  Agent* const agent = agent_for(request);
  if (agent == nullptr) {
    transaction.respond({.status = 404});
  } else if (subscribes) {
    subscribe_taker_->on_subscribe(transaction, request);
  } else if (text) {
    transaction.respond({.status = 200});
    agent->report({}, TextReceived{std::string(request.from().uri), std::string(request.header("Content-Type").value_or("")), std::string(request.body())});
  } else {
    agent->receive(transaction, request);
  }
}

/// RFC 3891 §3: in the place of a call that is up, the new one is answered at once; in the place of one that rings, it rings.
void Agents::on_replaces(sip::ServerTransaction& transaction, const sip::Message& invite, sip::InviteSession& replaced) {
  using State = sip::InviteSession::State;
  const bool is_up = replaced.state() == State::Accepted || replaced.state() == State::Confirmed;
  on_request(transaction, invite);
  Agent* const agent = agent_for(invite);
  if (AgentCall* const call = agent == nullptr ? nullptr : agent->find(invite.call_id()); call != nullptr && is_up) {
    call->answer();
  }
  replaced.end();
}

}  // namespace callwright::call
