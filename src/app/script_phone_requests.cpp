// What a script's phone asks and is told outside of calls: single requests, and its mailbox.
#include "app/json_arguments.hpp"
#include "app/script_phone.hpp"

#include <algorithm>
#include <utility>

namespace callwright::app {
namespace {

namespace json = boost::json;
using base::Errc;
using base::Error;

}  // namespace

ScriptPhone::Outcome ScriptPhone::send_request(const json::object& arguments) {
  call::Agent& agent = phone_->agent();
  auto made = std::make_unique<Request>();
  made->id = ++last_request_;
  made->digest.emplace(agent.credentials(), world_.random);
  sip::OutgoingRequest request;
  request.method = sip::method_from(text_of(arguments, "method"));
  constexpr sip::Method kAlone[] = {sip::Method::Message, sip::Method::Options, sip::Method::Info,
                                    sip::Method::Refer,   sip::Method::Notify,  sip::Method::Publish};
  if (std::find(std::begin(kAlone), std::end(kAlone), request.method) == std::end(kAlone)) {
    return Error(Errc::InvalidArgument,
                 "\"" + text_of(arguments, "method") + "\" cannot be sent by itself; MESSAGE, OPTIONS, INFO, REFER, NOTIFY and PUBLISH can");
  }
  request.uri = agent.routed(text_of(arguments, "uri"));
  if (!sip::UriView::parse(request.uri)) {
    return Error(Errc::InvalidArgument, "\"" + request.uri + "\" is no SIP address");
  }
  request.routes = agent.route_set();
  request.parties = sip::party_lines(agent.name_and_address(), world_.random.token(8), "<" + request.uri + ">", {}, world_.random.token(16));
  request.headers = script_header_lines(arguments.if_contains("headers"));
  request.content_type = text_of(arguments, "content_type");
  request.body = text_of(arguments, "body");
  sip::ClientRequest::User& user = *this;
  made->request = std::make_unique<sip::ClientRequest>(phone_->user_agent(), std::move(request), made->cseq, &*made->digest, user);
  made->request->send();
  requests_.push_back(std::move(made));
  return json::object{{"request", last_request_}};
}

void ScriptPhone::on_response(sip::ClientRequest& request, const sip::Message& response) { settle(request, response.status(), response.reason()); }

void ScriptPhone::on_failure(sip::ClientRequest& request, int status, std::string_view reason) { settle(request, status, reason); }

void ScriptPhone::settle(sip::ClientRequest& request, int status, std::string_view reason) {
  const auto found = std::find_if(requests_.begin(), requests_.end(), [&](const auto& made) { return made->request.get() == &request; });
  if (status < 200 || found == requests_.end()) {
    return;
  }
  tell({{"type", "response"}, {"request", (*found)->id}, {"status", status}, {"reason", reason}});
  requests_.erase(found);
}

void ScriptPhone::subscribe_to_mailbox() {
  call::Agent& agent = phone_->agent();
  sip::Subscriber::Options options;
  options.uri = agent.options().address_of_record;
  options.routes = agent.route_set();
  options.from = agent.name_and_address();
  options.to = "<" + options.uri + ">";
  options.contact_user = agent.contact();
  options.package = "message-summary";
  options.accept = "application/simple-message-summary";
  options.expires = std::chrono::seconds(600);
  options.credentials = agent.credentials();
  sip::Subscriber::Observer& observer = *this;
  mailbox_ = std::make_unique<sip::Subscriber>(phone_->user_agent(), std::move(options), observer);
  mailbox_->start();
}

void ScriptPhone::on_notify(sip::Subscriber& /*subscriber*/, const sip::Subscriber::Notification& notification) {
  tell({{"type", "mwi"}, {"body", notification.body}});
}

}  // namespace callwright::app
