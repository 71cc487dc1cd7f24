#include "net/webhook.hpp"

#include "base/log.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <utility>

namespace callwright::net {
namespace {

std::int64_t unix_time(base::WallTime time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

std::string reason_of(const HttpClient::Answer& answer) {
  if (answer.status == 0) {
    return answer.error;
  }
  const bool redirect = answer.status >= 300 && answer.status < 400;
  return "answered with " + std::to_string(answer.status) + (redirect ? "; redirects are not followed, so name the address that they lead to" : "");
}

}  // namespace

std::string webhook_signature(std::string_view secret, std::int64_t unix_time, std::string_view body) {
  const std::string signed_text = fmt::format("{}.{}", unix_time, body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(),
       digest.data(), &size);
  std::string signature = fmt::format("t={},v1=", unix_time);
  for (unsigned i = 0; i < size; ++i) {
    signature += fmt::format("{:02x}", digest[i]);
  }
  return signature;
}

Webhook::Webhook(EngineLoop& loop, HttpClient& client, base::Random& random, Settings settings, OnUndelivered on_undelivered)
    : loop_(loop),
      client_(client),
      random_(random),
      settings_(std::move(settings)),
      on_undelivered_(std::move(on_undelivered)),
      next_(loop.timers(), base::Callback::to<&Webhook::proceed>(*this)),
      end_(loop.timers(), base::Callback::to<&Webhook::give_up_all>(*this)) {}

void Webhook::deliver(std::string id, std::string body) {
  const base::TimePoint now = loop_.clock().now();
  Delivery delivery{std::move(id), std::move(body), 0, now + settings_.give_up_after, {}};
  if (waiting() >= settings_.capacity) {
    delivery.reason = "too many wait already";
    give_up(std::move(delivery));
    return;
  }
  due_.emplace(now, std::move(delivery));
  proceed();
}

void Webhook::proceed() {
  next_.cancel();
  const base::TimePoint now = loop_.clock().now();
  while (!due_.empty() && under_way_.size() < settings_.at_a_time && due_.begin()->first <= now) {
    send(std::move(due_.extract(due_.begin()).mapped()));
  }
  if (!due_.empty() && due_.begin()->first > now) {
    next_.start(due_.begin()->first - now);
  }
}

void Webhook::send(Delivery delivery) {
  ++delivery.attempts;
  HttpClient::Request request{settings_.url, {}, delivery.body};
  request.headers = {"Content-Type: application/json", "User-Agent: " + settings_.user_agent,
                     "Expect:",  // No 100-continue: a body is small.
                     settings_.id_header + ": " + delivery.id};
  if (!settings_.secret.empty()) {
    request.headers.push_back("X-Callwright-Signature: " + webhook_signature(settings_.secret, unix_time(loop_.clock().wall_now()), delivery.body));
  }
  const std::uint64_t number = ++latest_;
  under_way_.emplace(number, std::move(delivery));
  const bool taken = client_.post(std::move(request), [this, number](const HttpClient::Answer& answer) {
    // Refused only when the loop is at an end, and then nobody waits any more.
    static_cast<void>(loop_.post([this, number, answer] { on_answer(number, answer); }));
  });
  if (!taken) {
    static_cast<void>(loop_.post([this, number] { on_answer(number, {0, "too many requests wait"}); }));
  }
}

void Webhook::on_answer(std::uint64_t number, const HttpClient::Answer& answer) {
  auto found = under_way_.extract(number);
  if (found.empty()) {
    return;
  }
  Delivery& delivery = found.mapped();
  const bool taken = answer.status >= 200 && answer.status < 300;
  delivery.reason = taken ? std::string() : reason_of(answer);
  if (const bool failed_before = std::exchange(failing_, !taken); failed_before && taken) {
    base::log::info("a webhook takes again what it is sent", {{"what", settings_.what}, {"to", settings_.url.origin}, {"waiting", waiting()}});
  } else if (!failed_before && !taken) {
    base::log::warn("a webhook does not take what it is sent, which is sent again",
                    {{"what", settings_.what}, {"to", settings_.url.origin}, {"reason", delivery.reason}});
  }
  if (!taken) {
    fail(std::move(delivery));
  }
  proceed();
  look_for_end();
}

void Webhook::fail(Delivery delivery) {
  const base::TimePoint next = loop_.clock().now() + pause_after(delivery.attempts);
  if (finishing_ || next > delivery.give_up) {
    give_up(std::move(delivery));
  } else {
    due_.emplace(next, std::move(delivery));
  }
}

base::Duration Webhook::pause_after(unsigned attempts) {
  constexpr unsigned kMostDoublings = 30;
  const auto longest = std::min<base::Duration>(settings_.first_retry * (std::int64_t{1} << std::min(attempts - 1, kMostDoublings)), settings_.longest_retry);
  // Not all at once, when a server comes back to which many want to go.
  return base::Duration(
      static_cast<base::Duration::rep>(random_.between(static_cast<std::uint64_t>(longest.count() / 2), static_cast<std::uint64_t>(longest.count()))));
}

void Webhook::give_up(Delivery delivery) {
  base::log::error("not delivered to a webhook, and given up",
                   {{"what", settings_.what}, {"id", delivery.id}, {"to", settings_.url.origin}, {"attempts", delivery.attempts}, {"reason", delivery.reason}});
  on_undelivered_({std::move(delivery.id), std::move(delivery.body), delivery.attempts, std::move(delivery.reason)});
}

void Webhook::finish(base::Duration limit, std::function<void()> done) {
  finishing_ = true;
  done_ = std::move(done);
  const base::TimePoint now = loop_.clock().now();
  std::multimap<base::TimePoint, Delivery> all;
  for (auto& [when, delivery] : std::exchange(due_, {})) {
    all.emplace(now, std::move(delivery));
  }
  due_ = std::move(all);
  end_.start(limit);
  proceed();
  look_for_end();
}

void Webhook::give_up_all() {
  for (auto& [number, delivery] : std::exchange(under_way_, {})) {
    delivery.reason = "the server stopped before the answer came";
    give_up(std::move(delivery));
  }
  for (auto& [when, delivery] : std::exchange(due_, {})) {
    delivery.reason += delivery.reason.empty() ? "the server stopped" : "; the server stopped";
    give_up(std::move(delivery));
  }
  look_for_end();
}

void Webhook::look_for_end() {
  if (finishing_ && done_ && waiting() == 0) {
    end_.cancel();
    next_.cancel();
    std::exchange(done_, nullptr)();
  }
}

}  // namespace callwright::net
