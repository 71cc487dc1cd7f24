#pragma once

#include "sip/event_notifier.hpp"
#include "sip/registrar.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

/// The package `presence` (RFC 3856) with the documents that phones publish (RFC 3903). The latest publication of a user is told as it came; without
/// one a document (RFC 3863) says whether the user is registered.
class Presence final : public sip::EventPackage {
 public:
  using Changed = std::function<void(const std::string& user)>;
  struct Limits {
    std::size_t publications_per_user = 10;
    std::size_t body = 16 * 1024;
    std::chrono::seconds default_expires{3600};
    std::chrono::seconds minimum_expires{60};
    std::chrono::seconds maximum_expires{7200};
  };

  Presence(sip::UserAgent& user_agent, const sip::Registrar& registrar, Changed changed);
  ~Presence() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "presence"; }
  [[nodiscard]] std::string_view content_type() const noexcept override { return "application/pidf+xml"; }
  [[nodiscard]] std::string body(const sip::EventView& view) override;

  /// A PUBLISH of this user, who has been authenticated. `headers` are ready-made lines for the 200.
  void publish(sip::ServerTransaction& transaction, const sip::Message& request, const std::string& user, std::string_view headers);
  [[nodiscard]] std::size_t publications() const noexcept;

 private:
  struct Publication;
  using Publications = std::vector<std::unique_ptr<Publication>>;  ///< The latest last.

  [[nodiscard]] bool read_expires(sip::ServerTransaction& transaction, const sip::Message& request, std::chrono::seconds& expires) const;
  [[nodiscard]] bool check_body(sip::ServerTransaction& transaction, const sip::Message& request) const;
  void remove(const std::string& user, std::string_view tag);

  sip::UserAgent& user_agent_;
  const sip::Registrar& registrar_;
  Changed changed_;
  Limits limits_;
  sip::StringMap<Publications> users_;
};

}  // namespace callwright::call
