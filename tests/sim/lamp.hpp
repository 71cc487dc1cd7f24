#pragma once

#include "sim/scripted_phone.hpp"
#include "sip/event_subscriber.hpp"

#include <memory>
#include <string>
#include <vector>

namespace callwright::simulation {

/// A subscription of a phone to the state of a user of the exchange.
class Lamp final : private sip::Subscriber::Observer {
 public:
  Lamp(ScriptedPhone& phone, const std::string& user, const std::string& package) {
    sip::Subscriber::Options options;
    options.uri = "sip:" + user + "@192.0.2.1";
    options.from = "<sip:" + phone.name() + "@192.0.2.1>";
    options.to = "<" + options.uri + ">";
    options.contact_user = phone.name();
    options.package = package;
    options.credentials = sip::Credentials{phone.name(), phone.password};
    sip::Subscriber::Observer& observer = *this;
    subscriber = std::make_unique<sip::Subscriber>(phone.user_agent(), std::move(options), observer);
    subscriber->start();
  }
  std::vector<std::string> bodies;
  int ended = 0;
  std::unique_ptr<sip::Subscriber> subscriber;

 private:
  void on_notify(sip::Subscriber& /*subscriber*/, const sip::Subscriber::Notification& notification) override { bodies.emplace_back(notification.body); }
  void on_subscription_ended(sip::Subscriber& /*subscriber*/, const sip::Subscriber::End& end) override { ended = end.status; }
};

}  // namespace callwright::simulation
