#include "app/follow.hpp"

#include "app/follow_view.hpp"
#include "server/query.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace callwright::app {
namespace {

using namespace std::chrono_literals;
using server::call_api::Client;

constexpr std::string_view kSubscribe = "Subscribe";
constexpr std::string_view kCommandId = "\"command\"";
constexpr std::string_view kFollowId = "\"follow\"";
constexpr auto kConnectLimit = 10s;
constexpr auto kLook = 200ms;  ///< How long a signal may go unnoticed.
constexpr auto kRetry = 1s;

volatile std::sig_atomic_t stop_asked = 0;

/// SIGINT and SIGTERM end it in order; a second one at once.
void watch_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_asked = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

/// Until then, or until a signal.
void blocking_pause() {
  if (stop_asked == 0) {
    poll(nullptr, 0, static_cast<int>(std::chrono::milliseconds(kRetry).count()));
  }
}

void tell(const std::string& text) { std::fprintf(stderr, "callwright call: %s\n", text.c_str()); }

Client::Deadline in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

/// Whether the same may work later.
bool may_pass(const base::Error& error) {
  const std::string why = error.message();
  return error.code != base::Errc::Refused || why.find(": 503 ") != std::string::npos || why.find(": 429 ") != std::string::npos;
}

std::string text_of(const std::vector<CallParameter>& params, std::initializer_list<std::string_view> names) {
  for (const CallParameter& parameter : params) {
    const auto json = server::call_api::parse_json(parameter.value, 1);
    if (std::find(names.begin(), names.end(), parameter.name) != names.end() && json && json->string() != nullptr) {
      return *json->string();
    }
  }
  return {};
}

/// One run of it: a command and then its call, or a subscription, across as many connections as it takes.
class Follower {
 public:
  Follower(const CallOptions& options, const std::vector<CallParameter>& params)
      : options_(options), params_(params), subscribing_(options.method == kSubscribe), command_deadline_(std::chrono::steady_clock::now() + options.timeout) {
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    json_ = options.output == CallOptions::Output::Json || !terminal;
    colours_ = terminal && std::getenv("NO_COLOR") == nullptr ? Colours::On : Colours::Off;
    call_id_ = subscribing_ ? std::string() : text_of(params, {"callid", "callidA", "callid_a"});
    if (subscribing_) {
      take_position();
    }
  }

  int run() {
    auto client = connect();
    if (!client) {
      return complain_of_connection(client.error());
    }
    base::Result<void> sent = subscribing_ ? subscribe(*client) : client->blocking_send(make_request(kCommandId, options_.method, params_), command_deadline_);
    while (stop_asked == 0 && !status_) {
      const auto text = sent ? client->blocking_receive(in(kLook)) : base::Result<std::string>(sent.error());
      if (text) {
        sent = take(*client, *text);
      } else if (!sent || text.error().code != base::Errc::TimedOut) {
        client = connect_again(text.error());
        sent = client ? subscribe(*client) : base::ok();
      } else if (running() && std::chrono::steady_clock::now() >= command_deadline_) {
        tell("the command does not end in time");
        status_ = kFailed;
      }
    }
    if (client) {
      client->blocking_close(in(2s));
    }
    return status_.value_or(0);
  }

 private:
  static constexpr int kFailed = 1;
  static constexpr int kUsage = 2;
  static constexpr int kNoConnection = 3;

  /// The command has not ended yet.
  [[nodiscard]] bool running() const noexcept { return !subscribing_; }

  base::Result<Client> connect() const {
    const std::string url = server::call_api::WebSocketUrl::parse(options_.url) ? in_current_dialect(options_.url) : options_.url;
    return Client::blocking_connect(url, in(kConnectLimit), options_.token, options_.trust);
  }

  int complain_of_connection(const base::Error& error) const {
    tell(server::without_token_values(options_.url) + ": " + error.message());
    return error.code == base::Errc::InvalidArgument ? kUsage : kNoConnection;
  }

  /// Tries until it works, a signal comes, or there is no sense in it; then the result is an error.
  base::Result<Client> connect_again(const base::Error& lost) {
    tell(lost.message());
    if (running() && call_id_.empty()) {
      status_ = kNoConnection;
      return lost;
    }
    subscribing_ = true;
    tell("connecting again every second");
    while (stop_asked == 0) {
      blocking_pause();
      auto client = connect();
      if (client) {
        tell(position_.known() ? "connected again; going on behind event " + std::to_string(position_.after()) : "connected again");
        return client;
      }
      if (!may_pass(client.error())) {
        status_ = complain_of_connection(client.error());
        return client;
      }
    }
    return lost;
  }

  /// That of the command line counts until there is one of our own.
  void take_position() {
    const auto is = [](std::string_view name) { return [name](const CallParameter& parameter) { return parameter.name == name; }; };
    const auto after = std::find_if(params_.begin(), params_.end(), is("after"));
    std::uint64_t number = 0;
    if (after != params_.end() && std::from_chars(after->value.data(), after->value.data() + after->value.size(), number).ec == std::errc()) {
      position_ = FeedPosition(text_of(params_, {"feed"}), number);
    }
  }

  base::Result<void> subscribe(Client& client) {
    std::vector<CallParameter> params;
    if (options_.method == kSubscribe) {
      std::copy_if(params_.begin(), params_.end(), std::back_inserter(params),
                   [this](const CallParameter& parameter) { return !position_.known() || (parameter.name != "after" && parameter.name != "feed"); });
    } else {
      params.push_back(CallParameter::text("callid", call_id_));
    }
    if (position_.known()) {
      params.push_back({"after", std::to_string(position_.after())});
      if (!position_.feed().empty()) {
        params.push_back(CallParameter::text("feed", position_.feed()));
      }
    }
    return client.blocking_send(make_request(kFollowId, kSubscribe, params), in(kConnectLimit));
  }

  base::Result<void> take(Client& client, const std::string& text) {
    const auto message = FollowedMessage::parse(text);
    if (!message) {
      return base::ok();
    }
    if (!message->error.empty()) {
      tell(message->error);
      status_ = kFailed;
      return base::ok();
    }
    if (message->method.empty()) {
      return base::ok();  // That it has started; events follow.
    }
    return running() ? take_of_command(client, *message) : take_of_feed(*message);
  }

  base::Result<void> take_of_command(Client& client, const FollowedMessage& message) {
    print(message);
    failed_ = failed_ || message.event == "Error";
    if (const std::string call_id = message.text("callid"); !call_id.empty()) {
      call_id_ = call_id;
    }
    if (message.event != "Ended") {
      return base::ok();
    }
    if (failed_ || call_id_.empty()) {
      status_ = failed_ ? kFailed : 0;
      return base::ok();
    }
    // Now its call, from the beginning.
    subscribing_ = true;
    position_ = FeedPosition({}, 0);
    return subscribe(client);
  }

  base::Result<void> take_of_feed(const FollowedMessage& message) {
    position_.note(message);
    const bool of_call = options_.method != kSubscribe;
    // What the server has forgotten of other calls is nothing to one who asks for this one from its beginning.
    const bool wanted = message.event == "Subscribed" ? !std::exchange(subscribed_, true) && !of_call : message.event != "Missed" || !of_call;
    if (wanted) {
      print(message);
    }
    failed_ = failed_ || message.event == "Error";
    if (message.event == "Ended" || (of_call && message.event == "CallEnded")) {
      status_ = failed_ ? kFailed : 0;
    }
    return base::ok();
  }

  void print(const FollowedMessage& message) const {
    std::printf("%s\n", (json_ ? json_line(message) : text_line(message, colours_)).c_str());
    std::fflush(stdout);
  }

  const CallOptions& options_;
  const std::vector<CallParameter>& params_;
  bool subscribing_;  ///< Else the command runs.
  const Client::Deadline command_deadline_;
  bool json_ = false;
  Colours colours_ = Colours::Off;
  std::string call_id_;  ///< Of the command's call.
  FeedPosition position_;
  bool subscribed_ = false;
  bool failed_ = false;
  std::optional<int> status_;
};

}  // namespace

int follow(const CallOptions& options, const std::vector<CallParameter>& params) {
  watch_signals();
  return Follower(options, params).run();
}

}  // namespace callwright::app
