#pragma once

#include "base/result.hpp"
#include "server/web_server.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::server::call_api {

/// Where a WebSocket is.
struct WebSocketUrl {
  WebSecurity security = WebSecurity::Plain;
  std::string host;  ///< A name or an address; IPv6 without brackets.
  std::string port;
  std::string target;  ///< Path and query, "/" at least.

  /// "ws://host[:port][/path][?query]", or "wss://…" for TLS; without a port it is 80, or 443. The error says what is expected.
  static base::Result<WebSocketUrl> parse(std::string_view url);
};

/// Whom a client believes to be the server of a wss:// URL.
struct ServerTrust {
  std::string ca_file = {};  ///< PEM file of those who may have signed its certificate; "": the system's authorities.
  enum class Verification { On, Off } verification = Verification::On;  ///< Off: anybody.
};

/// A WebSocket client for the command line: one connection, calls that block up to a deadline. One thread at a time.
class Client {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  /// `token`, unless "", is shown to the server (`Authorization: Bearer`). No error has it, nor one in the URL. Errors: InvalidArgument (the URL, the
  /// token or the CA file), TimedOut, Refused (the server has answered with something else than a WebSocket), or whatever the network said.
  static base::Result<Client> blocking_connect(std::string_view url, Deadline deadline, std::string_view token = {}, const ServerTrust& trust = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  base::Result<void> blocking_send(std::string_view text, Deadline deadline);
  /// The next message. TimedOut leaves the connection usable; any other error ends it.
  base::Result<std::string> blocking_receive(Deadline deadline);
  /// Closes in good order (1000); the destructor just drops the connection.
  void blocking_close(Deadline deadline);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace callwright::server::call_api
