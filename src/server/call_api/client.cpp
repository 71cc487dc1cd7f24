#include "server/call_api/client.hpp"

#include "base/socket_address.hpp"
#include "server/query.hpp"
#include "server/web_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <boost/asio/connect.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace callwright::server::call_api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ssl = boost::asio::ssl;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

base::Result<WebSocketUrl> WebSocketUrl::parse(std::string_view url) {
  const auto wrong = [&](const char* what) {
    return base::Error(base::Errc::InvalidArgument, "\"" + without_token_values(url) + "\": " + what + "; expected a URL such as ws://127.0.0.1:5059/call-api");
  };
  const bool secure = url.starts_with("wss://");
  if (!secure && !url.starts_with("ws://")) {
    return wrong("this is no ws:// or wss:// URL");
  }
  if (std::any_of(url.begin(), url.end(),
                  [](char character) { return static_cast<unsigned char>(character) <= 0x20 || character == 0x7F || character == '#'; })) {
    return wrong("it has blanks, control characters or a '#'");
  }
  const std::string_view rest = url.substr(secure ? 6 : 5);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, end);
  WebSocketUrl parsed{
      .security = secure ? WebSecurity::Tls : WebSecurity::Plain, .host = {}, .port = secure ? "443" : "80", .target = std::string(rest.substr(end))};
  if (!parsed.target.starts_with('/')) {
    parsed.target.insert(0, 1, '/');
  }
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    parsed.port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
    const bool is_number = !parsed.port.empty() && parsed.port.size() <= 5 && parsed.port.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || std::stoul(parsed.port) > 65535) {
      return wrong("the port is no number up to 65535");
    }
  }
  if (authority.starts_with('[') && authority.ends_with(']')) {
    authority = authority.substr(1, authority.size() - 2);
  }
  if (authority.empty() || authority.find('@') != std::string_view::npos) {
    return wrong("the host is missing or malformed");
  }
  parsed.host = authority;
  return parsed;
}

namespace {

/// What the server said instead of opening a WebSocket, for a terminal: its first line, and nothing that could steer the terminal.
std::string text_of(const websocket::response_type& response) {
  constexpr std::size_t kLongest = 300;
  std::string text = std::to_string(response.result_int()) + " " + std::string(response.reason());
  const std::string_view body(response.body());
  const std::string_view line = body.substr(0, std::min(body.find('\n'), kLongest));
  text += line.empty() ? "" : ": " + std::string(line);
  std::replace_if(
      text.begin(), text.end(), [](char character) { return static_cast<unsigned char>(character) < 0x20 || character == 0x7F; }, '?');
  return text;
}

/// RFC 6750 §2.1 allows less; what ends a header field is left out in any case.
bool is_token(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char character) { return character > 0x20 && character < 0x7F; });
}

constexpr std::string_view kTrustHint = "--ca FILE names who has signed it; --insecure looks at no certificate, and is for tests";

base::Result<std::shared_ptr<ssl::context>> context_for(const ServerTrust& trust) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  if (trust.verification == ServerTrust::Verification::Off) {
    context->set_verify_mode(ssl::verify_none);
    return context;
  }
  context->set_verify_mode(ssl::verify_peer);
  error_code failure;
  trust.ca_file.empty() ? context->set_default_verify_paths(failure) : context->load_verify_file(trust.ca_file, failure);
  ERR_clear_error();
  if (failure) {
    return base::Error(base::Errc::InvalidArgument,
                       "the CA file " + trust.ca_file + " cannot be used: " + failure.message() + "; it has to be a readable PEM file");
  }
  return context;
}

}  // namespace

class Client::Impl {
 public:
  base::Result<void> connect(const WebSocketUrl& url, Deadline deadline, std::string_view token, const ServerTrust& trust) {
    const auto where = [&](const char* what) { return std::string(what) + " " + url.host + " port " + url.port; };
    tcp::resolver resolver(io_);
    tcp::resolver::results_type addresses;
    auto done = run(deadline, where("cannot find"), [&](auto finish) {
      resolver.async_resolve(url.host, url.port, [&addresses, finish](error_code failure, tcp::resolver::results_type found) {
        addresses = std::move(found);
        finish(failure);
      });
    });
    if (done) {
      done = run(deadline, where("cannot connect to"), [&](auto finish) {
        asio::async_connect(beast::get_lowest_layer(stream_).socket(), addresses, [finish](error_code failure, const tcp::endpoint&) { finish(failure); });
      });
    }
    if (!done) {
      return done;
    }
    error_code ignored;
    beast::get_lowest_layer(stream_).socket().set_option(tcp::no_delay(true), ignored);
    stream_.read_message_max(kMaxMessage);
    if (url.security == WebSecurity::Tls) {
      done = secure(url, deadline, trust);
    }
    return done ? shake_hands(url, deadline, token) : done;
  }

  base::Result<void> send(std::string_view text, Deadline deadline) {
    stream_.text(true);
    return run(deadline, "cannot send", [&](auto finish) {
      stream_.async_write(asio::buffer(text.data(), text.size()), [finish](error_code failure, std::size_t) { finish(failure); });
    });
  }

  base::Result<std::string> receive(Deadline deadline) {
    if (!reading_) {
      reading_ = true;
      read_result_.reset();
      stream_.async_read(buffer_, [this](error_code failure, std::size_t) { read_result_ = failure; });
    }
    // The read goes on when the deadline passes: giving it up would end the connection.
    run_until(deadline, [this] { return read_result_.has_value(); });
    if (!read_result_) {
      return base::Error(base::Errc::TimedOut, "no message arrived in time");
    }
    reading_ = false;
    if (*read_result_) {
      return failed("the connection has ended", *read_result_);
    }
    std::string text(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    buffer_.consume(buffer_.size());
    return text;
  }

  void close(Deadline deadline) {
    static_cast<void>(run(deadline, "cannot close", [&](auto finish) { stream_.async_close(websocket::close_code::normal, finish); }));
  }

 private:
  static constexpr std::size_t kMaxMessage = 16 * 1024 * 1024;

  base::Result<void> secure(const WebSocketUrl& url, Deadline deadline, const ServerTrust& trust) {
    const auto context = context_for(trust);
    if (!context) {
      return context.error();
    }
    WebStream::Tls& tls = stream_.next_layer().secure(*context);
    SSL* const native = tls.native_handle();
    // RFC 6066 §3: an address is no server name.
    if (base::IpAddress::parse(url.host)) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(native), url.host.c_str());
    } else {
      SSL_set_tlsext_host_name(native, url.host.c_str());
      SSL_set1_host(native, url.host.c_str());
    }
    const std::string what = "no TLS with " + url.host + " port " + url.port;
    auto done = run(deadline, what, [&](auto finish) { tls.async_handshake(ssl::stream_base::client, finish); });
    const long verified = SSL_get_verify_result(native);
    if (!done && verified != X509_V_OK && trust.verification == ServerTrust::Verification::On) {
      return base::Error(done.error().code,
                         what + ": its certificate is not accepted: " + X509_verify_cert_error_string(verified) + "; " + std::string(kTrustHint));
    }
    return done;
  }

  base::Result<void> shake_hands(const WebSocketUrl& url, Deadline deadline, std::string_view token) {
    const std::string what = "no WebSocket at " + url.host + " port " + url.port + " under " + without_token_values(url.target);
    const std::string host = (url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]") + ":" + url.port;
    if (!token.empty()) {
      stream_.set_option(websocket::stream_base::decorator([authorization = "Bearer " + std::string(token)](websocket::request_type& request) {
        request.set(beast::http::field::authorization, authorization);
      }));
    }
    auto done = run(deadline, what, [&](auto finish) { stream_.async_handshake(response_, host, url.target, finish); });
    if (!done && done.error().code == websocket::error::upgrade_declined) {
      return base::Error(base::Errc::Refused, what + ": " + text_of(response_));
    }
    return done;
  }

  base::Error failed(const std::string& what, error_code failure) const {
    std::string why = failure.message();
    if (failure == websocket::error::closed && stream_.reason().code != websocket::close_code::none) {
      why = "closed by the server with " + std::to_string(stream_.reason().code) + " " + std::string(stream_.reason().reason.c_str());
    }
    return {failure, what + ": " + why};
  }

  template <class Condition>
  void run_until(Deadline deadline, Condition condition) {
    while (!condition()) {
      io_.restart();
      if (io_.run_one_until(deadline) == 0) {
        return;
      }
    }
  }

  /// Starts an operation and waits until it calls back. One that is too slow is cut off, and the connection with it.
  template <class Start>
  base::Result<void> run(Deadline deadline, const std::string& what, Start start) {
    // Shared, since an operation that was cut off calls back later.
    const auto result = std::make_shared<std::optional<error_code>>();
    start([result](error_code failure) { *result = failure; });
    run_until(deadline, [&] { return result->has_value(); });
    if (!*result) {
      beast::get_lowest_layer(stream_).close();
      return base::Error(base::Errc::TimedOut, what + ": no answer in time");
    }
    if (**result) {
      return failed(what, **result);
    }
    return base::ok();
  }

  asio::io_context io_{1};
  websocket::stream<WebStream, false> stream_{io_};
  websocket::response_type response_;  ///< To the handshake.
  beast::flat_buffer buffer_;
  bool reading_ = false;
  std::optional<error_code> read_result_;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

base::Result<Client> Client::blocking_connect(std::string_view url, Deadline deadline, std::string_view token, const ServerTrust& trust) {
  const auto parsed = WebSocketUrl::parse(url);
  if (!parsed) {
    return parsed.error();
  }
  if (!is_token(token)) {
    return base::Error(base::Errc::InvalidArgument, "the token has blanks or characters that no token has; take it as callwright token create printed it");
  }
  auto impl = std::make_unique<Impl>();
  const auto connected = impl->connect(*parsed, deadline, token, trust);
  if (!connected) {
    return connected.error();
  }
  return Client(std::move(impl));
}

base::Result<void> Client::blocking_send(std::string_view text, Deadline deadline) { return impl_->send(text, deadline); }

base::Result<std::string> Client::blocking_receive(Deadline deadline) { return impl_->receive(deadline); }

void Client::blocking_close(Deadline deadline) { impl_->close(deadline); }

}  // namespace callwright::server::call_api
