#include "app/call_view.hpp"
#include "app/commands.hpp"
#include "app/follow.hpp"
#include "server/call_api/client.hpp"
#include "server/query.hpp"

#include <cstdio>
#include <optional>

namespace callwright::app {
namespace {

using server::call_api::Client;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kNoConnection = 3;

constexpr std::string_view kRequestId = "1";

std::optional<std::vector<CallParameter>> parameters_of(const CallOptions& options) {
  std::vector<CallParameter> params;
  for (const std::string& argument : options.params) {
    auto parameter = CallParameter::parse(argument);
    if (!parameter) {
      std::fprintf(stderr, "callwright call: %s\n", parameter.error().message().c_str());
      return std::nullopt;
    }
    params.push_back(std::move(*parameter));
  }
  return params;
}

}  // namespace

int call(const CallOptions& options) {
  const auto params = parameters_of(options);
  if (!params) {
    return kUsage;
  }
  if (options.follow) {
    return follow(options, *params);
  }
  const Client::Deadline deadline = std::chrono::steady_clock::now() + options.timeout;
  // A URL that is wrong is named as it was given.
  const std::string url = server::call_api::WebSocketUrl::parse(options.url) ? in_current_dialect(options.url) : options.url;
  auto client = Client::blocking_connect(url, std::min(deadline, std::chrono::steady_clock::now() + std::chrono::seconds(10)), options.token, options.trust);
  if (!client) {
    const std::string why = client.error().message();
    std::fprintf(stderr, "callwright call: %s: %s\n", server::without_token_values(options.url).c_str(), why.c_str());
    if (why.find(": 401 ") != std::string::npos) {
      std::fprintf(stderr, "Put a token into CALLWRIGHT_TOKEN, or use --token; callwright token create makes one.\n");
    }
    return client.error().code == base::Errc::InvalidArgument ? kUsage : kNoConnection;
  }
  if (const auto sent = client->blocking_send(make_request(kRequestId, options.method, *params), deadline); !sent) {
    std::fprintf(stderr, "callwright call: %s\n", sent.error().message().c_str());
    return kNoConnection;
  }
  int status = 0;
  while (true) {
    const auto text = client->blocking_receive(deadline);
    if (!text) {
      std::fprintf(stderr, "callwright call: %s\n", text.error().message().c_str());
      return text.error().code == base::Errc::TimedOut ? kFailed : kNoConnection;
    }
    const CallMessage message = read_message(*text);
    const std::string line = options.output == CallOptions::Output::Json ? *text : message.summary;
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
    if (message.kind == CallMessage::Kind::ErrorAnswer) {
      status = kFailed;
      break;
    }
    if (message.event == "Error") {
      status = kFailed;
    }
    if (message.event == "Ended") {
      break;
    }
  }
  client->blocking_close(std::chrono::steady_clock::now() + std::chrono::seconds(2));
  return status;
}

}  // namespace callwright::app
