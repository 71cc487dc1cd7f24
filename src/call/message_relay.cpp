#include "call/message_relay.hpp"

#include "sip/session_fields.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace callwright::call {
namespace {

/// What the sender is told for an answer that was meant for us: challenges and an overload beyond are not his business.
int relayed(int status) {
  if (status == 401 || status == 407) {
    return 403;
  }
  return status == 503 || status < 400 ? 500 : status;
}

}  // namespace

/// One MESSAGE under way.
class MessageRelay::Pending final : private sip::ClientRequest::User, private sip::ServerTransactionUser {
 public:
  Pending(MessageRelay& relay, sip::ServerTransaction& transaction, std::string_view headers) : relay_(relay), transaction_(&transaction), headers_(headers) {
    transaction.attach(*this);
  }
  ~Pending() override {
    if (transaction_ != nullptr) {
      transaction_->detach();
      transaction_->respond({.status = 480});
    }
  }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  void send(const Target& target, const sip::Message& message, unsigned max_forwards);
  void start() {
    waiting_ = branches_.size();
    for (const auto& branch : branches_) {
      branch->request->send();
    }
  }

 private:
  /// One place where it goes.
  struct Branch {
    std::uint32_t cseq = 0;
    std::optional<sip::DigestClient> digest;
    std::unique_ptr<sip::ClientRequest> request;
  };

  void on_response(sip::ClientRequest& /*request*/, const sip::Message& response) override {
    if (response.status() >= 200) {
      on_answer(response.status(), response.reason());
    }
  }
  void on_failure(sip::ClientRequest& /*request*/, int status, std::string_view reason) override { on_answer(status, reason); }
  void on_cancel() override {}
  void on_undelivered() override {}
  void on_terminated() override { transaction_ = nullptr; }
  void on_answer(int status, std::string_view reason);
  void answer(int status, std::string_view reason);

  MessageRelay& relay_;
  sip::ServerTransaction* transaction_;
  std::string headers_;
  std::vector<std::unique_ptr<Branch>> branches_;
  std::size_t waiting_ = 0;
  int best_ = 0;
  bool answered_ = false;
};

void MessageRelay::Pending::send(const Target& target, const sip::Message& message, unsigned max_forwards) {
  auto branch = std::make_unique<Branch>();
  sip::OutgoingRequest request;
  request.method = sip::Method::Message;
  request.uri = target.uri;
  request.flow = target.flow;
  request.routes = target.routes;
  base::Random& random = relay_.user_agent_.random();
  request.parties = sip::party_lines(sip::without_tag(message.header(sip::Header::From).value_or(std::string_view{}), message.from()), random.token(10),
                                     sip::without_tag(message.header(sip::Header::To).value_or(std::string_view{}), message.to()), {}, random.token(24));
  request.max_forwards = max_forwards;
  request.content_type = message.header(sip::Header::ContentType).value_or(std::string_view{});
  request.body = message.body();
  for (const auto& [field, name] : {std::pair{sip::Header::Date, "Date"}, std::pair{sip::Header::Subject, "Subject"}}) {
    if (const auto value = message.header(field)) {
      sip::append_header(request.headers, name, *value);
    }
  }
  if (target.credentials) {
    branch->digest.emplace(*target.credentials, random);
  }
  sip::ClientRequest::User& user = *this;
  branch->request =
      std::make_unique<sip::ClientRequest>(relay_.user_agent_, std::move(request), branch->cseq, branch->digest ? &*branch->digest : nullptr, user);
  branches_.push_back(std::move(branch));
}

void MessageRelay::Pending::on_answer(int status, std::string_view reason) {
  --waiting_;
  if (status < 300) {
    answer(status == 202 ? 202 : 200, {});
  } else if (best_ == 0 || (status >= 600 && best_ < 600) || (best_ < 600 && status < best_)) {
    best_ = status;
  }
  if (waiting_ == 0) {
    answer(relayed(best_), relayed(best_) == status ? reason : std::string_view{});
    relay_.finish(*this);
  }
}

void MessageRelay::Pending::answer(int status, std::string_view reason) {
  if (transaction_ != nullptr && !std::exchange(answered_, true)) {
    transaction_->respond({.status = status, .reason = reason, .headers = headers_});
  }
}

MessageRelay::MessageRelay(sip::UserAgent& user_agent) : user_agent_(user_agent), finished_(user_agent.timers()) {}

MessageRelay::~MessageRelay() = default;

void MessageRelay::relay(sip::ServerTransaction& transaction, const sip::Message& request, const std::vector<Target>& targets, std::string_view headers) {
  const unsigned max_forwards = sip::parse_number(request.header(sip::Header::MaxForwards).value_or(std::string_view{})).value_or(70);
  if (max_forwards == 0 || request.body().size() > kMaxBody || pending_.size() >= kMaxPending) {
    const int status = max_forwards == 0 ? 483 : request.body().size() > kMaxBody ? 413 : 503;
    transaction.respond({.status = status, .headers = headers});
    return;
  }
  if (!sip::is_header_safe(request.header(sip::Header::ContentType).value_or(std::string_view{}))) {
    transaction.respond({.status = 400, .reason = "Bad Content-Type", .headers = headers});
    return;
  }
  auto made = std::make_unique<Pending>(*this, transaction, headers);
  Pending& pending = *made;
  pending_.emplace(&pending, std::move(made));
  for (const Target& target : targets) {
    pending.send(target, request, std::min(max_forwards, 70U) - 1);
  }
  pending.start();
}

void MessageRelay::finish(Pending& pending) {
  if (auto node = pending_.extract(&pending)) {
    finished_.add(std::move(node.mapped()));
  }
}

}  // namespace callwright::call
