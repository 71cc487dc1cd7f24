#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/timers.hpp"
#include "net/engine_loop.hpp"
#include "net/http_client.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace callwright::net {

/// "t=1772323200,v1=5257a8…": HMAC-SHA-256 (RFC 2104) over the seconds since 1970 in decimal, a full stop and the body, in hexadecimal digits.
[[nodiscard]] std::string webhook_signature(std::string_view secret, std::int64_t unix_time, std::string_view body);

/// JSON texts that a web server is to have, each once at least: what it does not take with a 2xx is sent again, ever more rarely and at times that are a
/// little random, until it is given up. Loop thread.
class Webhook {
 public:
  struct Settings {
    HttpUrl url = {};
    std::string secret = {};                        ///< "": what is sent is not signed.
    std::string what = "call record";               ///< Is sent; for the log.
    std::string id_header = "X-Callwright-Record";  ///< Has the id.
    std::string user_agent = "Callwright";
    base::Duration give_up_after = std::chrono::hours(1);  ///< What was not taken for so long.
    base::Duration first_retry = std::chrono::seconds(1);
    base::Duration longest_retry = std::chrono::minutes(5);
    std::size_t capacity = 10'000;  ///< Texts that wait, or are under way.
    std::size_t at_a_time = 4;
  };
  struct Undelivered {
    std::string id;
    std::string body;
    unsigned attempts = 0;
    std::string reason;
  };
  using OnUndelivered = std::function<void(const Undelivered& what)>;

  /// The loop, the client and `random` outlive it; the loop is at an end before it is destroyed. `on_undelivered` may not call back.
  Webhook(EngineLoop& loop, HttpClient& client, base::Random& random, Settings settings, OnUndelivered on_undelivered);
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  /// `id` is the same however often it is sent: by it the server tells what it has already.
  void deliver(std::string id, std::string body);
  /// The end: each that is not under way has one more chance, all of them within `limit`; then `done` is called, once, and nothing is left.
  void finish(base::Duration limit, std::function<void()> done);
  /// Sent, and not answered yet.
  [[nodiscard]] std::size_t under_way() const noexcept { return under_way_.size(); }
  /// The same, with those that are to be sent.
  [[nodiscard]] std::size_t waiting() const noexcept { return due_.size() + under_way_.size(); }

 private:
  struct Delivery {
    std::string id;
    std::string body;
    unsigned attempts = 0;
    base::TimePoint give_up;
    std::string reason;
  };

  void proceed();
  void send(Delivery delivery);
  void on_answer(std::uint64_t number, const HttpClient::Answer& answer);
  void fail(Delivery delivery);
  void give_up(Delivery delivery);
  void give_up_all();
  void look_for_end();
  [[nodiscard]] base::Duration pause_after(unsigned attempts);

  EngineLoop& loop_;
  HttpClient& client_;
  base::Random& random_;
  const Settings settings_;
  const OnUndelivered on_undelivered_;
  std::multimap<base::TimePoint, Delivery> due_;
  std::unordered_map<std::uint64_t, Delivery> under_way_;
  std::uint64_t latest_ = 0;
  bool failing_ = false;  ///< The latest answer was no 2xx.
  std::function<void()> done_;
  bool finishing_ = false;
  base::Timer next_;
  base::Timer end_;
};

}  // namespace callwright::net
