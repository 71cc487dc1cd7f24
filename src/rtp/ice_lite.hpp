#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/socket_address.hpp"
#include "base/stun.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::rtp {

/// `a=ice-ufrag` and `a=ice-pwd` (RFC 8839 §5.4). The password is never logged.
struct IceCredentials {
  std::string ufrag;
  std::string password;

  /// 8 and 32 characters. `random` has to be unpredictable.
  static IceCredentials make(base::Random& random);
  friend bool operator==(const IceCredentials&, const IceCredentials&) = default;
};

/// The lite side of ICE (RFC 8445) for one component: answers the checks of a full agent, which decides, and knows the address it decided on. It is
/// always controlled, sends no checks, and needs no candidates of the other side. Its own are host candidates on the same port, in the description.
class IceLite {
 public:
  /// As long as no check comes, the other side still agrees to be sent media (RFC 7675 §5.1).
  static constexpr std::chrono::seconds kConsent{30};
  static constexpr std::size_t kMaxAddresses = 16;  ///< Of checked ones; the one that was silent longest makes place.

  /// `local` is told to the other side. Its own ufrag, when it is known, has to be right in the checks.
  explicit IceLite(IceCredentials local) : local_(std::move(local)) {}
  void set_remote_ufrag(std::string ufrag) { remote_ufrag_ = std::move(ufrag); }

  /// New credentials (RFC 8445 §9): the old ones hold until the first nomination with the new ones; media goes on meanwhile.
  void restart(IceCredentials local);

  /// Takes in a STUN datagram; gives the answer to be sent back, "" for none: what is no check, or is not worth an answer.
  std::string receive(std::string_view datagram, const base::SocketAddress& from, base::TimePoint now);

  /// Where the other side wants its media: the nominated address; none before.
  [[nodiscard]] std::optional<base::SocketAddress> selected() const noexcept;
  /// A check from there was right: media from there is to be taken.
  [[nodiscard]] bool is_checked(const base::SocketAddress& from) const noexcept;
  /// When the last right check came from the selected address.
  [[nodiscard]] std::optional<base::TimePoint> last_check() const noexcept;
  /// May be sent to: selected, and checked within kConsent.
  [[nodiscard]] bool has_consent(base::TimePoint now) const noexcept;

  [[nodiscard]] const IceCredentials& local() const noexcept { return local_; }
  /// Checks that were answered by an error, or not at all.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  struct Address {
    base::SocketAddress address;
    std::uint32_t priority = 0;
    base::TimePoint last_check{};
  };
  enum class Generation { Present, Previous };

  [[nodiscard]] const IceCredentials* credentials_for(std::string_view username, Generation& generation) const;
  std::string refuse(const base::stun::Message& request, unsigned code, std::string_view reason);
  std::string accept(const base::stun::Message& request, const base::SocketAddress& from, const IceCredentials& credentials);
  void note_check(const base::stun::Message& request, const base::SocketAddress& from, Generation generation, base::TimePoint now);
  void nominate(const Address& address, Generation generation, base::TimePoint now);

  IceCredentials local_;
  std::optional<IceCredentials> previous_;
  std::string remote_ufrag_;
  std::vector<Address> addresses_;
  std::optional<Address> selected_;
  std::uint64_t refused_ = 0;
};

/// Appends MESSAGE-INTEGRITY (HMAC-SHA-1, RFC 8489 §14.5).
void add_message_integrity(base::stun::Writer& message, std::string_view password);
/// True when the message has one that fits.
[[nodiscard]] bool has_good_integrity(const base::stun::Message& message, std::string_view password);

}  // namespace callwright::rtp
