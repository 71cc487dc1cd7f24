#include "call/text_sending.hpp"

#include "call/referral.hpp"

#include <utility>

namespace callwright::call {

void TextSending::send(const SendMessage& message, const std::vector<Target>& targets) {
  base::Random& random = switchboard_.user_agent().random();
  for (const Target& target : targets) {
    auto branch = std::make_unique<Branch>();
    sip::OutgoingRequest request;
    request.method = sip::Method::Message;
    request.uri = target.uri;
    request.flow = target.flow;
    request.routes = target.routes;
    request.parties = sip::party_lines(name_addr({}, message.from), random.token(10), name_addr({}, message.to), {}, random.token(24));
    request.content_type = message.content_type;
    request.body = message.text;
    if (target.credentials) {
      branch->digest.emplace(*target.credentials, random);
    }
    sip::ClientRequest::User& user = *this;
    branch->request =
        std::make_unique<sip::ClientRequest>(switchboard_.user_agent(), std::move(request), branch->cseq, branch->digest ? &*branch->digest : nullptr, user);
    branches_.push_back(std::move(branch));
  }
  waiting_ = branches_.size();
  for (const auto& branch : branches_) {
    branch->request->send();
  }
}

void TextSending::on_response(sip::ClientRequest& /*request*/, const sip::Message& response) {
  if (response.status() >= 200) {
    on_answer(response.status(), response.reason());
  }
}

void TextSending::on_failure(sip::ClientRequest& /*request*/, int status, std::string_view reason) { on_answer(status, reason); }

void TextSending::on_answer(int status, std::string_view reason) {
  --waiting_;
  if (over_) {
    return;
  }
  if (status < 300) {
    end({});
  } else if (waiting_ == 0) {
    end(status_text(status, reason));
  }
}

void TextSending::cancel(std::string_view why) {
  if (!over_) {
    end(std::string(why));
  }
}

void TextSending::end(std::string failure) {
  over_ = true;
  CommandEvent event;
  event.command = id_;
  if (!failure.empty()) {
    event.kind = CommandEvent::Kind::Failed;
    event.extra = std::move(failure);
    observer_.on_command_event(event);
    event.extra.clear();
  }
  event.kind = CommandEvent::Kind::Ended;
  observer_.on_command_event(event);
  switchboard_.finish(*this);
}

}  // namespace callwright::call
