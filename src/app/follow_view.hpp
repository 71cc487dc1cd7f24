#pragma once

#include "server/call_api/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What `callwright call --follow` prints, and where it goes on. Pure.
namespace callwright::app {

/// A message of the server to one who follows.
struct FollowedMessage {
  std::string id;  ///< Of an answer: the request's, as JSON text.
  std::string method;
  std::string event;
  std::string error;  ///< Of an answer that refuses.
  server::call_api::Json data;

  /// Nothing for what is no message of the Call API.
  [[nodiscard]] static std::optional<FollowedMessage> parse(std::string_view text);
  /// A text in `data`, "" when there is none of that name.
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> sequence() const;
};

/// `{"method":"Subscribe","event":"CallEnded","data":{…}}`
[[nodiscard]] std::string json_line(const FollowedMessage& message);

enum class Colours { Off, On };
/// "12:03:10.000  CallEnded  callid=x7Qf@10.0.0.7  status=200": for a terminal, which what others have sent cannot steer.
[[nodiscard]] std::string text_line(const FollowedMessage& message, Colours colours);

/// Where a subscription stands in the feed of events, across connections.
class FeedPosition {
 public:
  FeedPosition() = default;
  /// Behind an event of a feed, "" for the one that the server has.
  FeedPosition(std::string feed, std::uint64_t after) : known_(true), feed_(std::move(feed)), after_(after) {}

  void note(const FollowedMessage& message);
  [[nodiscard]] bool known() const noexcept { return known_; }
  [[nodiscard]] const std::string& feed() const noexcept { return feed_; }
  [[nodiscard]] std::uint64_t after() const noexcept { return after_; }

 private:
  bool known_ = false;
  std::string feed_;
  std::uint64_t after_ = 0;
};

}  // namespace callwright::app
