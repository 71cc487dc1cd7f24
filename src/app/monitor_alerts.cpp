#include "app/monitor_alerts.hpp"

#include "app/identifiers.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <chrono>

namespace callwright::app {

using base::Result;

Result<std::unique_ptr<MonitorAlerts>> MonitorAlerts::blocking_create(net::EngineLoop& loop, std::vector<AlertPlan> plans) {
  std::unique_ptr<MonitorAlerts> alerts(new MonitorAlerts(loop));
  if (const auto opened = alerts->blocking_open(std::move(plans)); !opened) {
    return opened.error();
  }
  return alerts;
}

Result<void> MonitorAlerts::blocking_open(std::vector<AlertPlan> plans) {
  auto http = net::HttpClient::blocking_create({});
  if (!http) {
    return http.error();
  }
  http_ = std::move(*http);
  for (AlertPlan& plan : plans) {
    auto channel = std::make_unique<Channel>();
    channel->plan = std::move(plan);
    if (const auto opened = open(*channel); !opened) {
      return opened.error();
    }
    channels_.push_back(std::move(channel));
  }
  return base::ok();
}

Result<void> MonitorAlerts::open(Channel& channel) {
  if (channel.plan.kind == AlertKind::Email) {
    auto mail = net::MailClient::create(channel.plan.mail);
    if (!mail) {
      return mail.error();
    }
    channel.mail = std::move(*mail);
    return base::ok();
  }
  net::Webhook::Settings settings;
  settings.url = channel.plan.url;
  settings.secret = channel.plan.secret;
  settings.what = "alert";
  settings.id_header = "X-Callwright-Alert";
  settings.user_agent = "Callwright/" CALLWRIGHT_VERSION;
  // A webhook tells of the one who gives up itself.
  channel.hook = std::make_unique<net::Webhook>(loop_, *http_, random_, std::move(settings), [](const net::Webhook::Undelivered&) {});
  return base::ok();
}

verify::AlertState* MonitorAlerts::state_for(Channel& channel, std::string_view monitor) {
  const std::vector<std::string>& wanted = channel.plan.monitors;
  if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), monitor) == wanted.end()) {
    return nullptr;
  }
  return &channel.states.try_emplace(std::string(monitor), channel.plan.rule).first->second;
}

void MonitorAlerts::remember(const verify::MonitorResult& result) {
  for (const auto& channel : channels_) {
    if (verify::AlertState* const state = state_for(*channel, result.monitor)) {
      static_cast<void>(state->add(result));
    }
  }
}

void MonitorAlerts::add(const verify::MonitorResult& result, const std::string& report_url) {
  for (const auto& channel : channels_) {
    verify::AlertState* const state = state_for(*channel, result.monitor);
    if (state == nullptr) {
      continue;
    }
    const unsigned failures_before = state->failures();
    const auto failing_before = state->failing_since();
    const auto notice = state->add(result);
    if (!notice) {
      continue;
    }
    const bool recovered = *notice == verify::AlertState::Notice::Recovered;
    tell(*channel, {*notice, result, recovered ? failures_before : state->failures(), recovered ? failing_before : state->failing_since(), report_url});
  }
}

void MonitorAlerts::tell(Channel& channel, const verify::Alert& alert) {
  const std::string id = random_uuid();
  switch (channel.plan.kind) {
    case AlertKind::Webhook: channel.hook->deliver(id, verify::alert_json(alert)); break;
    case AlertKind::Slack: channel.hook->deliver(id, verify::alert_slack(alert)); break;
    case AlertKind::Teams: channel.hook->deliver(id, verify::alert_teams(alert)); break;
    case AlertKind::Email: tell_by_mail(channel, alert, id); break;
  }
}

void MonitorAlerts::tell_by_mail(Channel& channel, const verify::Alert& alert, const std::string& id) {
  const AlertPlan& plan = channel.plan;
  net::MailClient::Mail mail{plan.from, plan.to, verify::mail_message(verify::alert_mail(alert), plan.from, plan.to, std::chrono::system_clock::now(), id)};
  const bool taken = channel.mail->send(std::move(mail), [this](const std::string& error) {
    if (!error.empty()) {
      base::log::error("an alert was not taken by the mail server, and is given up", {{"reason", error}});
    }
    // Refused only at the end of the loop, and then nobody counts any more.
    static_cast<void>(loop_.post([this] { --mails_; }));
  });
  if (taken) {
    ++mails_;
  } else {
    base::log::error("an alert was not sent by mail: too many wait", {});
  }
}

std::size_t MonitorAlerts::waiting() const noexcept {
  std::size_t sum = mails_;
  for (const auto& channel : channels_) {
    sum += channel->hook ? channel->hook->waiting() : 0;
  }
  return sum;
}

void MonitorAlerts::finish(base::Duration limit, std::function<void()> done) {
  const auto left = std::make_shared<std::size_t>(1);
  const auto one_less = [left, done = std::move(done)] {
    if (--*left == 0) {
      done();
    }
  };
  for (const auto& channel : channels_) {
    if (channel->hook) {
      ++*left;
      channel->hook->finish(limit, one_less);
    }
  }
  one_less();
}

}  // namespace callwright::app
