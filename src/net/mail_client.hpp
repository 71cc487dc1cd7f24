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

/// Hands mails to an SMTP server (RFC 5321), on a thread of its own; what is not taken is tried again.
class MailClient {
 public:
  struct Settings {
    std::string url;                            ///< "smtp://mail.example.com:587" (with STARTTLS; to this machine also without) or "smtps://mail.example.com".
    std::string user;                           ///< "": nobody logs in.
    std::string password;                       ///< Never in a message.
    std::string ca_file;                        ///< PEM; "": the authorities of the system.
    std::chrono::milliseconds timeout{30'000};  ///< For one try.
    std::chrono::milliseconds first_retry{5'000};
    unsigned attempts = 6;       ///< The pause doubles from one to the next.
    std::size_t capacity = 100;  ///< Mails that wait.
  };
  struct Mail {
    std::string from;             ///< An address, nothing around it.
    std::vector<std::string> to;  ///< The same.
    std::string message;          ///< RFC 5322, lines end in CRLF.
  };
  /// "" when the server took it, else why not. On the client's thread; not any more once it is being destroyed.
  using OnEnd = std::function<void(const std::string& error)>;

  /// Errors: InvalidArgument (the URL), Io.
  static base::Result<std::unique_ptr<MailClient>> create(Settings settings);
  /// Breaks off what is under way, and waits for the thread.
  ~MailClient();
  MailClient(const MailClient&) = delete;
  MailClient& operator=(const MailClient&) = delete;

  /// Any thread; never blocks. False: too many wait already, and `on_end` is not called.
  [[nodiscard]] bool send(Mail mail, OnEnd on_end);

  /// Whether it is one that can be used; for settings. The error does not repeat it.
  static base::Result<void> check_url(std::string_view url);

 private:
  struct Delivery;
  class Worker;
  explicit MailClient(std::unique_ptr<Worker> worker);
  std::unique_ptr<Worker> worker_;
};

}  // namespace callwright::net
