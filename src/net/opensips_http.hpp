#pragma once

#include "base/socket_address.hpp"
#include "net/engine_loop.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

namespace callwright::net {

/// The Management Interface over HTTP (module mi_http): POST, a connection for each request, so that no request is ever sent twice because a connection that
/// was kept had gone. Loop thread. Lives in a shared_ptr: pending requests keep it.
class OpenSipsHttp : public std::enable_shared_from_this<OpenSipsHttp> {
 public:
  using Receiver = std::function<void(std::string_view body)>;

  OpenSipsHttp(EngineLoop& loop, const base::SocketAddress& server, std::string path, Receiver receiver);

  /// The body of the answer is given to the receiver; when there is none, nothing. Over kMaxRequests at once are dropped, as if they were lost.
  void post(std::string_view body);
  /// Gives all requests up.
  void close();

  static constexpr std::size_t kMaxRequests = 1'000;

 private:
  class Request;
  friend class Request;

  EngineLoop& loop_;
  const base::SocketAddress server_;
  const std::string path_;
  Receiver receiver_;
  std::unordered_set<std::shared_ptr<Request>> requests_;
};

}  // namespace callwright::net
