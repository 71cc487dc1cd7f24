#pragma once

#include "net/connection.hpp"

#include <string>
#include <string_view>

namespace callwright::net {

/// One SIP stream over TCP or TLS: cuts what comes in into messages, answers keep-alive pings (RFC 5626 §3.5.1), tells answers to ours, sends in order.
/// Loop thread.
class StreamConnection final : public Connection {
 public:
  using Connection::Connection;

  void send(std::string_view message) override;

 private:
  void start() override;
  void read();
  void on_read(const boost::system::error_code& failure, std::size_t size);
  void cut_frames();
  [[nodiscard]] bool take_pong(std::string_view stream);
  void consume(std::size_t size);
  void watch_partial_message(std::string_view rest);
  void write();
  void on_written(const boost::system::error_code& failure);

  std::string received_;  ///< Bytes [consumed_, filled_) wait to be cut.
  std::size_t consumed_ = 0;
  std::size_t filled_ = 0;
  std::size_t scanned_ = 0;
  bool pinged_ = false;  ///< One line end alone is the answer, not half of a ping.

  std::string queued_;
  std::string writing_;  ///< Being written; empty when no write is under way.
};

}  // namespace callwright::net
