#include "opensips/subscriptions.hpp"

#include "base/json_values.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <utility>

namespace callwright::opensips {
namespace {

constexpr base::Duration kAgain = std::chrono::seconds(2);
constexpr int kRenewalsInTime = 3;
constexpr base::Duration kFresh = std::chrono::seconds(1);

}  // namespace

base::Json::Object subscription(std::string_view event, const Settings& settings) {
  return {parameter("event", event), parameter("socket", settings.event_socket), {"expire", base::json_number(settings.subscription.count())}};
}

std::string subscription_failure(std::string_view event, const MiOutcome& outcome) {
  if (outcome.kind == MiOutcome::Kind::Silent) {
    return outcome.text;
  }
  return "501 Not Implemented: OpenSIPS does not report " + std::string(event) + " (" + outcome.text + "); load the modules of deploy/opensips/opensips.cfg";
}

Subscriptions::Subscriptions(MiClient& client, base::Timers& timers, const Settings& settings, std::vector<std::string> events, base::Callback up)
    : client_(client), timers_(timers), settings_(settings), up_callback_(up), renewal_(timers, base::Callback::to<&Subscriptions::renew>(*this)) {
  all_.reserve(events.size());  // The requests refer to the elements.
  for (std::string& event : events) {
    One& one = all_.emplace_back();
    one.event = std::move(event);
    one.request = std::make_unique<MiRequest>(client_, [this, &one](const MiOutcome& outcome) { return on_outcome(one, outcome); });
  }
}

void Subscriptions::start() { renew(); }

void Subscriptions::refresh() {
  const bool is_asking = std::ranges::any_of(all_, [](const One& one) { return one.request->pending(); });
  if (!is_asking && timers_.clock().now() - renewed_ > kFresh) {
    renew();
  }
}

void Subscriptions::cancel() {
  if (!up_) {
    return;
  }
  for (One& one : all_) {
    base::Json::Object params{parameter("event", one.event), parameter("socket", settings_.event_socket), {"expire", base::json_number(0)}};
    one.request->send(MiCommand::Subscribe, std::move(params), MiRequest::Repeat::Never, settings_.answer_timeout);
  }
}

void Subscriptions::renew() {
  renewed_ = timers_.clock().now();
  for (One& one : all_) {
    one.request->send(MiCommand::Subscribe, subscription(one.event, settings_), MiRequest::Repeat::WhileUnanswered, settings_.answer_timeout);
  }
  renewal_.start(settings_.subscription / kRenewalsInTime);
}

MiRequest::Next Subscriptions::on_outcome(One& one, const MiOutcome& outcome) {
  if (outcome.kind == MiOutcome::Kind::Silent) {
    up_ = false;
    renewal_.start(kAgain);
    if (!std::exchange(told_down_, true)) {
      base::log::error("OpenSIPS does not answer; is it running, and is opensips.mi its mi_datagram or mi_http socket?");
    }
    return MiRequest::Next::Done;
  }
  if (!std::exchange(up_, true)) {
    base::log::info("OpenSIPS answers", {{"events", settings_.event_socket}});
    up_callback_();
  }
  told_down_ = false;
  const bool refused = outcome.kind == MiOutcome::Kind::Refused;
  if (refused && !std::exchange(one.refused, refused)) {
    base::log::warn("OpenSIPS does not report an event", {{"event", one.event}, {"reason", outcome.text}});
  }
  one.refused = refused;
  return MiRequest::Next::Done;
}

}  // namespace callwright::opensips
