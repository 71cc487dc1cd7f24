#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::net {

/// An http: or https: URL, as far as it matters who is reached.
struct HttpUrl {
  std::string text;       ///< All of it, which may hold a password or a token: not for logs.
  std::string origin;     ///< "https://example.com:8443"
  bool secure = false;    ///< https
  bool loopback = false;  ///< This machine: localhost, 127.0.0.0/8, ::1.

  /// The error does not repeat the text.
  static base::Result<HttpUrl> parse(std::string_view text);
};

/// Requests over HTTP and HTTPS, on a thread of its own. Certificates and names of servers are verified; redirects are not followed, unless the settings say
/// otherwise. Proxies are those of the environment (https_proxy, no_proxy), but none leads to this machine.
class HttpClient {
 public:
  struct Settings {
    std::string ca_file = {};  ///< PEM; "": the authorities of the system.
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds timeout{15'000};  ///< For all of a request.
    std::size_t capacity = 1'000;               ///< Requests that wait to be begun.
    std::size_t kept_body = 0;                  ///< Bytes of an answer's body and fields that are handed on; a longer body is an error. 0: none are.
    enum class Redirects { Ignored, Followed } redirects = Redirects::Ignored;
    enum class Verification { On, Off } verification = Verification::On;  ///< Of certificates.
  };
  struct Request {
    HttpUrl url;
    std::vector<std::string> headers;  ///< "Name: value"
    std::string body;
    std::string method = "POST";
  };
  struct Answer {
    int status = 0;                         ///< 0: there was none, or not all of it,
    std::string error;                      ///< and this says why.
    std::vector<std::string> headers = {};  ///< "Name: value"; of the last response where redirects were followed. As is the next, where they are kept.
    std::string body = {};
  };
  /// Called on the client's thread; not any more once it is being destroyed.
  using OnAnswer = std::function<void(const Answer& answer)>;

  /// The error says what is wrong with the file of authorities.
  static base::Result<std::unique_ptr<HttpClient>> blocking_create(Settings settings);
  /// Breaks off what is under way, and waits for the thread.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Any thread; never blocks. False: too many wait already, and `on_answer` is not called.
  [[nodiscard]] bool post(Request request, OnAnswer on_answer);

 private:
  class Worker;
  explicit HttpClient(std::unique_ptr<Worker> worker);
  std::unique_ptr<Worker> worker_;
};

}  // namespace callwright::net
