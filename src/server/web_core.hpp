#pragma once

#include "server/web_server.hpp"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace callwright::server {

/// What the server can do to a connection of either kind. Web thread.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Ends in good order: an answer under way is finished, a WebSocket is closed with 1001.
  virtual void begin_close() = 0;
  /// Cuts it.
  virtual void abort() = 0;
};

/// What all connections share. Web thread, except for the counter.
class WebCore {
 public:
  explicit WebCore(WebConfig settings) : config(std::move(settings)) {}

  const WebConfig config;
  std::map<std::string, HttpHandler, std::less<>> pages;
  std::map<std::string, HttpService, std::less<>> services;  ///< By prefix.
  std::map<std::string, WebSocketGate, std::less<>> websockets;
  /// For new connections to listeners for TLS; null when there are none.
  std::shared_ptr<boost::asio::ssl::context> tls;
  bool stopping = false;

  [[nodiscard]] std::size_t connections() const noexcept { return count_.load(std::memory_order_relaxed); }
  template <class Action>
  void for_each_connection(Action action) {
    const auto present = open_;  // An action may end a connection.
    for (const auto& [key, entry] : present) {
      if (const auto connection = entry.lock()) {
        action(*connection);
      }
    }
  }
  /// Called when the last connection has gone.
  std::function<void()> on_empty;

 private:
  friend class ConnectionSlot;
  std::unordered_map<std::uint64_t, std::weak_ptr<Connection>> open_;
  std::uint64_t last_key_ = 0;
  std::atomic<std::size_t> count_ = 0;

 public:
  /// Last, so that whatever still waits in it goes first.
  boost::asio::io_context io{1};
};

/// One place among the connections of a server; moves from the HTTP to the WebSocket connection. Destroyed = free.
class ConnectionSlot {
 public:
  explicit ConnectionSlot(WebCore& core) : core_(&core), key_(++core.last_key_) { core_->count_.fetch_add(1, std::memory_order_relaxed); }
  ConnectionSlot(ConnectionSlot&& other) noexcept : core_(std::exchange(other.core_, nullptr)), key_(other.key_) {}
  ConnectionSlot& operator=(ConnectionSlot&&) = delete;
  ~ConnectionSlot() {
    if (core_ == nullptr) {
      return;
    }
    core_->open_.erase(key_);
    if (core_->count_.fetch_sub(1, std::memory_order_relaxed) == 1 && core_->on_empty) {
      core_->on_empty();
    }
  }

  /// The object that stands at this place now.
  void occupy(std::weak_ptr<Connection> connection) { core_->open_.insert_or_assign(key_, std::move(connection)); }

 private:
  WebCore* core_;
  std::uint64_t key_;
};

}  // namespace callwright::server
