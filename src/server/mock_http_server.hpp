#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "server/web_server.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace callwright::server {

/// An HTTP/1.1 server whose answers come from elsewhere and later: what a scenario puts in the place of a server that the system under test calls. Requests are
/// told on the thread of the context, where all calls are made, too. A body of more than 1 MiB gets 413; a request that nobody answers within 10 s gets 504.
class MockHttpServer {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  struct Request {
    std::uint64_t id = 0;  ///< For `answer`.
    std::string method;
    std::string target;  ///< Path and query, as sent.
    Headers headers;
    std::string body;
  };
  struct Answer {
    unsigned status = 200;
    Headers headers;
    std::string body;
  };
  struct Certificate {
    std::string chain_file;  ///< PEM; "": plain HTTP.
    std::string key_file;
  };
  using OnRequest = std::function<void(Request request)>;

  /// Port 0: any free one. Errors: Io (the port is taken), InvalidArgument (the certificate).
  static base::Result<std::unique_ptr<MockHttpServer>> listen(boost::asio::io_context& context, const base::SocketAddress& address,
                                                              const Certificate& certificate, OnRequest on_request);
  /// Frees the port at once; connections are closed.
  ~MockHttpServer();
  MockHttpServer(const MockHttpServer&) = delete;
  MockHttpServer& operator=(const MockHttpServer&) = delete;

  [[nodiscard]] const base::SocketAddress& address() const noexcept { return address_; }
  /// Once for each request; for one that is gone it does nothing.
  void answer(std::uint64_t request, Answer answer);

 private:
  explicit MockHttpServer(OnRequest on_request);
  void take(Request request, HttpReply reply);

  const OnRequest on_request_;
  std::unordered_map<std::uint64_t, HttpReply> waiting_;
  std::uint64_t last_ = 0;
  base::SocketAddress address_;
  const std::shared_ptr<MockHttpServer*> alive_;  ///< For requests that are on their way to the thread of the context.
  WebServer web_;
};

}  // namespace callwright::server
