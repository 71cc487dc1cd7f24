#pragma once

#include "sim/scripted_phone.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace callwright::simulation {

/// One request from a phone, with its password, and its final answer.
class SentRequest final : private sip::ClientRequest::User {
 public:
  SentRequest(ScriptedPhone& phone, sip::Method method, const std::string& uri, const std::string& headers, std::string content_type, std::string body)
      : digest_({phone.name(), phone.password}, phone.user_agent().random()) {
    sip::OutgoingRequest request;
    request.method = method;
    request.uri = uri;
    base::Random& random = phone.user_agent().random();
    request.parties = sip::party_lines("<sip:" + phone.name() + "@192.0.2.1>", random.token(8), "<" + uri + ">", {}, random.token(12));
    request.headers = headers;
    request.content_type = std::move(content_type);
    request.body = std::move(body);
    sip::ClientRequest::User& user = *this;
    request_ = std::make_unique<sip::ClientRequest>(phone.user_agent(), std::move(request), cseq_, &digest_, user);
    request_->send();
  }
  int status = 0;
  std::string etag;
  std::string expires;

 private:
  void on_response(sip::ClientRequest& /*request*/, const sip::Message& response) override {
    status = response.status();
    etag = response.header("SIP-ETag").value_or(std::string_view{});
    expires = response.header(sip::Header::Expires).value_or(std::string_view{});
  }
  void on_failure(sip::ClientRequest& /*request*/, int failure, std::string_view /*reason*/) override { status = failure; }

  std::uint32_t cseq_ = 0;
  sip::DigestClient digest_;
  std::unique_ptr<sip::ClientRequest> request_;
};

}  // namespace callwright::simulation
