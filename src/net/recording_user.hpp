#pragma once

#include "sip/transport.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::net {

/// For tests: keeps what the sockets tell the engine.
class RecordingUser final : public sip::TransportUser {
 public:
  struct Received {
    sip::Flow flow;
    std::string bytes;
  };
  struct Failed {
    sip::Flow flow;
    base::Error error;
  };

  void on_message(const sip::Flow& flow, std::string_view bytes) override {
    received.push_back({flow, std::string(bytes)});
    if (react) {
      react(flow, bytes);
    }
  }
  void on_transport_error(const sip::Flow& flow, const base::Error& error) override { failed.push_back({flow, error}); }

  std::vector<Received> received;
  std::vector<Failed> failed;
  std::function<void(const sip::Flow&, std::string_view)> react;  ///< Called for each message, when set.
};

/// A complete message with a body of `body_size` bytes.
inline std::string sample_message(std::string_view call_id, std::size_t body_size = 0) {
  return "OPTIONS sip:b@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@127.0.0.1>;tag=1\r\nTo: "
         "<sip:b@127.0.0.1>\r\nCall-ID: " +
         std::string(call_id) + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: " + std::to_string(body_size) + "\r\n\r\n" + std::string(body_size, 'x');
}

}  // namespace callwright::net
