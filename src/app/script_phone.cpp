#include "app/script_phone.hpp"
#include "app/json_arguments.hpp"

#include "app/script_events.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <utility>

namespace callwright::app {
namespace {

namespace json = boost::json;
using base::Errc;
using base::Error;

/// What the other side may take to answer BYE and un-REGISTER.
constexpr std::chrono::milliseconds kFarewell{1500};

base::Result<json::object> done(const base::Result<void>& result) { return result ? base::Result<json::object>(json::object()) : result.error(); }

sdp::Direction direction_of(const json::object& arguments) {
  const std::string name = text_of(arguments, "direction");
  for (const sdp::Direction direction : {sdp::Direction::SendOnly, sdp::Direction::RecvOnly, sdp::Direction::Inactive}) {
    if (name == sdp::to_string(direction)) {
      return direction;
    }
  }
  return sdp::Direction::SendRecv;
}

}  // namespace

ScriptPhone::ScriptPhone(const World& world, std::uint64_t id, Tell tell)
    : world_(world), id_(id), tell_(std::move(tell)), listening_(world.loop.timers(), base::Callback::to<&ScriptPhone::listen>(*this)) {}

ScriptPhone::~ScriptPhone() {
  subscriptions_.clear();
  requests_.clear();
  if (phone_ != nullptr) {
    phone_->set_subscribe_taker(nullptr);
    subscribers_.reset();
    phone_->user_agent().set_trace(nullptr);
  }
}

base::Result<std::unique_ptr<ScriptPhone>> ScriptPhone::create(const World& world, std::uint64_t id, ScriptPhonePlan plan, Tell tell) {
  std::unique_ptr<ScriptPhone> made(new ScriptPhone(world, id, std::move(tell)));
  made->registers_ = plan.registers;
  made->wants_mailbox_ = plan.mailbox;
  auto phone = SoftPhone::create(world.loop, world.random, world.resolver, world.media, *made, plan.listen, std::move(plan.agent));
  if (!phone) {
    return phone.error();
  }
  made->phone_ = std::move(*phone);
  if (plan.tls) {
    if (const auto used = made->phone_->set_tls(*plan.tls); !used) {
      return used.error();
    }
  }
  if (plan.strangers) {
    made->phone_->take_strangers();
  }
  made->subscribers_ = std::make_unique<ScriptSubscribers>(made->phone_->agent(), [phone = made.get()](json::object event) { phone->tell(std::move(event)); });
  made->phone_->set_subscribe_taker(made->subscribers_.get());
  made->set_reliable(plan.reliable);
  made->phone_->agent().set_packet_time(plan.packet_time);
  if (world.impairment) {
    net::Impairment::Options own = *world.impairment;
    own.seed += id;  // Else all phones would lose the same ones.
    made->phone_->impair(own, world.impaired);
  }
  made->phone_->user_agent().set_trace(made.get());
  return made;
}

const std::vector<ScriptPhone::Operation>& ScriptPhone::operations() {
  static const std::vector<Operation> kOperations{
      {"register", &ScriptPhone::register_account},
      {"unregister", &ScriptPhone::unregister},
      {"dial", &ScriptPhone::dial},
      {"early", &ScriptPhone::begin_early_media},
      {"accept", &ScriptPhone::accept},
      {"refuse", &ScriptPhone::refuse},
      {"hangup", &ScriptPhone::hang_up},
      {"hold", &ScriptPhone::hold},
      {"resume", &ScriptPhone::resume},
      {"direction", &ScriptPhone::change_direction},
      {"press", &ScriptPhone::press},
      {"transfer", &ScriptPhone::transfer},
      {"complete", &ScriptPhone::complete},
      {"answer_all", &ScriptPhone::answer_all},
      {"headers", &ScriptPhone::set_headers},
      {"reliable", &ScriptPhone::change_reliable},
      {"check", &ScriptPhone::begin_check},
      {"probe", &ScriptPhone::begin_probe},
      {"hear_probe", &ScriptPhone::hear_probe},
      {"recognize", &ScriptPhone::begin_recognition},
      {"end_recognition", &ScriptPhone::end_recognition},
      {"request", &ScriptPhone::send_request},
      {"subscribe", &ScriptPhone::subscribe},
      {"unsubscribe", &ScriptPhone::unsubscribe},
      {"notify", &ScriptPhone::notify},
      {"notify_subscriber", &ScriptPhone::notify_subscriber},
      {"end_subscriber", &ScriptPhone::end_subscriber},
      {"refuse_subscriptions", &ScriptPhone::refuse_subscriptions},
      {"stop_notify", &ScriptPhone::stop_notify},
  };
  return kOperations;
}

void ScriptPhone::carry_out(std::string_view operation, const json::object& arguments, const Answer& answer) {
  if (operation == "measure") {
    measure(arguments, answer);
    return;
  }
  const auto found = std::find_if(operations().begin(), operations().end(), [&](const Operation& known) { return known.name == operation; });
  answer(found == operations().end() ? Outcome(Error(Errc::NotFound, "a phone cannot \"" + std::string(operation) + "\""))
                                     : (this->*found->carry_out)(arguments));
}

base::Result<call::AgentCall*> ScriptPhone::call_of(const json::object& arguments, std::string_view name) const {
  call::AgentCall* const call = phone_->agent().find(text_of(arguments, name));
  return call == nullptr ? base::Result<call::AgentCall*>(Error(Errc::WrongState, "the call is over")) : call;
}

ScriptPhone::Outcome ScriptPhone::register_account(const json::object& /*arguments*/) {
  registers_ = true;
  phone_->agent().start_registration();
  return json::object();
}

ScriptPhone::Outcome ScriptPhone::unregister(const json::object& /*arguments*/) {
  if (!phone_->agent().registered()) {
    return Error(Errc::WrongState, "it is not registered");
  }
  phone_->agent().stop_registration();
  return json::object();
}

ScriptPhone::Outcome ScriptPhone::dial(const json::object& arguments) {
  call::OutgoingCall outgoing{.uri = text_of(arguments, "uri"), .headers = script_header_lines(arguments.if_contains("headers"))};
  outgoing.direction = direction_of(arguments);
  if (const auto uri = sip::UriView::parse(outgoing.uri); !uri) {
    return Error(Errc::InvalidArgument, "\"" + outgoing.uri + "\" is nobody to call: " + uri.error().message());
  }
  return json::object{{"call", phone_->agent().dial(std::move(outgoing)).call_id()}};
}

ScriptPhone::Outcome ScriptPhone::begin_early_media(const json::object& arguments) {
  const auto call = call_of(arguments);
  if (!call) {
    return call.error();
  }
  (*call)->begin_early_media();
  return json::object();
}

ScriptPhone::Outcome ScriptPhone::accept(const json::object& arguments) {
  const auto call = call_of(arguments);
  if (!call) {
    return call.error();
  }
  (*call)->answer(direction_of(arguments));
  return json::object();
}

ScriptPhone::Outcome ScriptPhone::refuse(const json::object& arguments) {
  const auto call = call_of(arguments);
  return call ? done((*call)->refuse(
                    {number_of<int>(arguments, "status", 486), text_of(arguments, "reason"), script_header_lines(arguments.if_contains("headers"))}))
              : call.error();
}

ScriptPhone::Outcome ScriptPhone::hang_up(const json::object& arguments) {
  const auto call = call_of(arguments);
  if (!call) {
    return call.error();
  }
  (*call)->hang_up(number_of<int>(arguments, "status", 486));
  return json::object();
}

ScriptPhone::Outcome ScriptPhone::hold(const json::object& arguments) {
  const auto call = call_of(arguments);
  if (!call) {
    return call.error();
  }
  auto held = done((*call)->hold());
  if (held) {
    (*call)->play(media::Silence{});  // Nobody is to hear us until `resume`.
  }
  return held;
}

ScriptPhone::Outcome ScriptPhone::resume(const json::object& arguments) {
  const auto call = call_of(arguments);
  if (!call) {
    return call.error();
  }
  (*call)->play(phone_->agent().options().source);
  return done((*call)->resume());
}

ScriptPhone::Outcome ScriptPhone::change_direction(const json::object& arguments) {
  const auto call = call_of(arguments);
  return call ? done((*call)->change_direction(direction_of(arguments))) : call.error();
}

ScriptPhone::Outcome ScriptPhone::press(const json::object& arguments) {
  const auto call = call_of(arguments);
  if (!call) {
    return call.error();
  }
  media::KeyTiming timing;
  timing.gap = std::chrono::milliseconds(number_of<std::int64_t>(arguments, "gap_ms", timing.gap.count()));
  return done((*call)->press(text_of(arguments, "keys"), timing));
}

ScriptPhone::Outcome ScriptPhone::transfer(const json::object& arguments) {
  const auto call = call_of(arguments);
  return call ? done((*call)->transfer(text_of(arguments, "uri"))) : call.error();
}

ScriptPhone::Outcome ScriptPhone::complete(const json::object& arguments) {
  const auto call = call_of(arguments);
  const auto other = call_of(arguments, "other");
  if (!call || !other) {
    return call ? other.error() : call.error();
  }
  return done((*call)->transfer_to(**other));
}

ScriptPhone::Outcome ScriptPhone::answer_all(const json::object& arguments) {
  const json::value* const refusal = arguments.if_contains("refusal");
  if (refusal == nullptr || !refusal->is_object()) {
    phone_->agent().refuse_calls(std::nullopt);
    return json::object();
  }
  const json::object& said = refusal->get_object();
  phone_->agent().refuse_calls(call::Refusal{number_of<int>(said, "status", 480), text_of(said, "reason"), script_header_lines(said.if_contains("headers"))});
  return json::object();
}

ScriptPhone::Outcome ScriptPhone::set_headers(const json::object& arguments) {
  phone_->agent().set_headers(script_header_lines(arguments.if_contains("headers")));
  return json::object();
}

ScriptPhone::Outcome ScriptPhone::change_reliable(const json::object& arguments) {
  set_reliable(script_reliable(text_of(arguments, "mode")));
  return json::object();
}

void ScriptPhone::set_reliable(sip::SessionPolicy::Reliable reliable) {
  sip::SessionPolicy policy = phone_->user_agent().session_policy();
  policy.reliable = reliable;
  phone_->user_agent().set_session_policy(policy);
}

void ScriptPhone::measure(const json::object& arguments, const Answer& answer) {
  const auto call = call_of(arguments);
  if (!call || (*call)->negotiated() == nullptr) {
    answer(json::object());
    return;
  }
  measuring_[(*call)->call_id()].push_back(answer);
  (*call)->measure();
}

void ScriptPhone::on_event(const call::Event& event) {
  call::LogEventSink().on_event(event);
  if (const auto* const measured = std::get_if<call::MediaMeasured>(&event.what)) {
    if (auto waiting = measuring_.extract(event.call_id)) {
      for (const Answer& answer : waiting.mapped()) {
        answer(json::object{{"statistics", script_statistics(*measured->statistics)}});
      }
    }
    return;
  }
  if (std::holds_alternative<call::Registered>(event.what) && std::exchange(wants_mailbox_, false)) {
    subscribe_to_mailbox();
  }
  if (std::holds_alternative<call::Unregistered>(event.what)) {
    unregistering_ = false;
  }
  if (std::holds_alternative<call::CallEnded>(event.what)) {
    if (auto waiting = measuring_.extract(event.call_id)) {
      for (const Answer& answer : waiting.mapped()) {
        answer(json::object());
      }
    }
  }
  if (auto made = script_event(event)) {
    if (phone_ != nullptr && !phone_->unreachable_because().empty() && made->contains("reason")) {
      made->at("reason") = text_of(*made, "reason") + ": " + phone_->unreachable_because();
    }
    tell(std::move(*made));
  }
}

void ScriptPhone::on_trace(Direction direction, const sip::Flow& flow, std::string_view message) {
  const call::Event event{.time = world_.loop.clock().wall_now(), .agent = {}, .call_id = {}, .what = call::SipMessage{direction, flow, sip::masked(message)}};
  world_.captured(event);
  on_event(event);
}

void ScriptPhone::tell(json::object event) {
  event["kind"] = "phone";
  event["to"] = id_;
  tell_(std::move(event));
}

void ScriptPhone::leave() {
  // Whoever ends at once goes from the list.
  std::vector<sip::Subscriber*> subscribers;
  for (const Subscription& subscription : subscriptions_) {
    subscribers.push_back(subscription.subscriber.get());
  }
  for (sip::Subscriber* const subscriber : subscribers) {
    subscriber->stop();
  }
  subscribers_->leave();
  latest_ = world_.loop.clock().now() + kFarewell;
  phone_->agent().hang_up_all();
  unregistering_ = registers_ && phone_->agent().registered();
  if (unregistering_) {
    phone_->agent().stop_registration();
  }
}

bool ScriptPhone::has_left() const { return world_.loop.clock().now() >= latest_ || (phone_->quiet() && !unregistering_ && subscribers_->empty()); }

}  // namespace callwright::app
