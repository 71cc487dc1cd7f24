#pragma once

#include "sip/message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::sip {

/// Which Contacts of a 3xx a request follows by itself (RFC 3261 §8.1.3.4).
enum class RedirectPolicy : std::uint8_t {
  Off,         ///< None: the 3xx is the outcome.
  SameDomain,  ///< Those whose host is that of the first Request-URI.
  All,
};

/// The places that 3xx responses have named for one request, in the order in which they are to be tried: by q, then as written.
/// No place is tried twice, and of all the responses together no more than `kMaxTargets`.
class Redirects {
 public:
  static constexpr std::size_t kMaxTargets = 10;

  Redirects(RedirectPolicy policy, std::string_view first_uri);

  /// Puts the Contacts of a 3xx in front of those that are left.
  void add(const Message& response);
  /// The next place, or nothing.
  [[nodiscard]] std::optional<std::string> next();

 private:
  struct Candidate {
    std::string uri;
    unsigned q;
  };

  [[nodiscard]] std::optional<Candidate> candidate(std::string_view contact) const;
  [[nodiscard]] bool known(const UriView& uri) const;

  RedirectPolicy policy_;
  std::deque<std::string> left_;
  std::vector<std::string> known_;  ///< The first URI and all that was ever taken.
};

/// The q of a Contact (RFC 3261 §20.10) in thousandths; 1000 when there is none, 0 for what is no number.
[[nodiscard]] unsigned q_of(const NameAddr& contact);

}  // namespace callwright::sip
