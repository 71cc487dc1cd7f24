#include "call/qualifier.hpp"

#include "call/routing.hpp"
#include "sip/client_request.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace callwright::call {
namespace {

/// Requests go out in groups this far apart when there are many.
constexpr base::Duration kShortestInterval = std::chrono::milliseconds(10);

/// What a proxy on the way says when it does not reach the phone (RFC 5626 §11.2); a phone's own answer shows that it is there, whatever it is.
bool is_from_proxy(const sip::Message& response) {
  const int status = response.status();
  return status == 408 || status == 430 || status == 480 || status == 503;
}

}  // namespace

/// One OPTIONS under way.
class Qualifier::Question final : private sip::ClientRequest::User {
 public:
  Question(Qualifier& qualifier, Contact asked, const sip::Binding& binding)
      : contact(std::move(asked)), sent(qualifier.user_agent_.timers().clock().now()), qualifier_(qualifier), has_path_(binding.has_path()) {
    sip::UserAgent& user_agent = qualifier.user_agent_;
    sip::OutgoingRequest request;
    request.method = sip::Method::Options;
    request.uri = binding.contact;
    request.flow = flow_to(binding);
    request.routes = has_path_ ? binding.details->path : std::vector<std::string>{};
    base::Random& random = user_agent.random();
    request.parties = sip::party_lines(user_agent.contact(binding.flow, {}), random.token(10), "<" + binding.contact + ">", {}, random.token(24));
    sip::ClientRequest::User& user = *this;
    request_ = std::make_unique<sip::ClientRequest>(user_agent, std::move(request), cseq_, nullptr, user);
  }
  void send() { request_->send(); }

  const Contact contact;
  const base::TimePoint sent;

 private:
  void on_response(sip::ClientRequest& /*request*/, const sip::Message& response) override {
    if (response.status() >= 200) {
      qualifier_.on_outcome(*this, !has_path_ || !is_from_proxy(response));
    }
  }
  void on_failure(sip::ClientRequest& /*request*/, int /*status*/, std::string_view /*reason*/) override { qualifier_.on_outcome(*this, false); }

  Qualifier& qualifier_;
  bool has_path_;
  std::uint32_t cseq_ = 0;
  std::unique_ptr<sip::ClientRequest> request_;
};

Qualifier::Qualifier(sip::UserAgent& user_agent, sip::Registrar& registrar, Settings settings, Report report)
    : user_agent_(user_agent),
      registrar_(registrar),
      settings_(settings),
      report_(std::move(report)),
      timer_(user_agent.timers(), base::Callback::to<&Qualifier::tick>(*this)) {
  registrar_.add_watcher(*this);
}

Qualifier::~Qualifier() { registrar_.remove_watcher(*this); }

void Qualifier::on_bindings_change(const std::string& address_of_record, const std::vector<sip::Binding>& before, const std::vector<sip::Binding>& now) {
  for (const sip::Binding& binding : now) {
    const bool known = std::any_of(before.begin(), before.end(), [&binding](const sip::Binding& old) { return old.contact == binding.contact; });
    if (known) {
      continue;
    }
    // One that was removed keeps its turn until that comes, so it may still be there.
    const auto [place, added] = contacts_.insert({address_of_record, binding.contact});
    if (added) {
      turns_.push_back(&*place);
      schedule();
    }
  }
}

base::Duration Qualifier::interval() const {
  return std::max(settings_.period / static_cast<std::int64_t>(std::max<std::size_t>(turns_.size(), 1)), kShortestInterval);
}

void Qualifier::schedule() {
  // New contacts shorten the wait, and never begin it anew.
  const base::TimePoint due = user_agent_.timers().clock().now() + interval();
  if (!timer_.pending() || due < due_) {
    due_ = due;
    timer_.start(interval());
  }
}

void Qualifier::tick() {
  const std::size_t due = (turns_.size() * static_cast<std::size_t>(interval().count()) + static_cast<std::size_t>(settings_.period.count()) - 1) /
                          static_cast<std::size_t>(settings_.period.count());
  for (std::size_t count = std::min(due, turns_.size()); count > 0 && asked_.size() < kMaxWaiting; --count) {
    ask_next();
  }
  if (!turns_.empty()) {
    schedule();
  }
}

void Qualifier::ask_next() {
  const Contact* const contact = turns_.front();
  turns_.pop_front();
  const sip::Binding* const binding = registrar_.find(contact->user, contact->uri);
  if (binding == nullptr) {
    contacts_.erase(contacts_.find(*contact));
    return;
  }
  turns_.push_back(contact);
  auto made = std::make_unique<Question>(*this, *contact, *binding);
  Question& question = *made;
  asked_.emplace(&question, std::move(made));
  question.send();
}

void Qualifier::on_outcome(const Question& question, bool answered) {
  const auto owned = asked_.extract(&question);
  const Contact& contact = question.contact;
  const sip::Binding* const binding = registrar_.find(contact.user, contact.uri);
  if (binding == nullptr) {
    return;
  }
  sip::Reach reach = binding->reach;
  const bool was_lost = reach.lost;
  const base::Duration took = user_agent_.timers().clock().now() - question.sent;
  if (answered) {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    reach = {.round_trip_us = static_cast<std::uint32_t>(std::clamp<std::int64_t>(microseconds, 1, std::numeric_limits<std::uint32_t>::max()))};
  } else {
    reach.misses = static_cast<std::uint8_t>(std::min(reach.misses + 1, 255));
    reach.lost = reach.misses >= settings_.misses;
  }
  registrar_.set_reach(contact.user, contact.uri, reach);
  if (was_lost != reach.lost) {
    report_({contact.user, contact.uri, reach.lost ? ContactChanged::Now::Lost : ContactChanged::Now::Back, answered ? took : base::Duration::zero()});
  }
}

}  // namespace callwright::call
