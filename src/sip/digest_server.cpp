#include "sip/digest.hpp"
#include "sip/digest_hash.hpp"
#include "sip/fields.hpp"
#include "sip/scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

namespace callwright::sip {
namespace {

constexpr std::size_t kTimeAndSalt = 32;  // Two 64-bit numbers in hexadecimal.
constexpr std::size_t kNonce = kTimeAndSalt + 32;

template <class Number>
bool read_hex(std::string_view digits, Number& number) noexcept {
  const char* const end = scan::end_of(digits);
  const auto result = std::from_chars(digits.data(), end, number, 16);
  return !digits.empty() && result.ec == std::errc{} && result.ptr == end;
}

bool is_right_as_it_is(const DigestResponse& answer, std::string_view method, std::string_view ha1, std::string_view body) {
  HashText given;
  if (answer.response.size() > given.characters.size()) return false;
  std::ranges::transform(answer.response, given.characters.begin(), scan::lower);
  given.size = answer.response.size();
  return equal_in_constant_time(given.view(), expected_hash(answer, method, ha1, body).view());
}

/// Phones differ in whether they hash a quoted URI with or without its escapes.
bool is_right(const DigestResponse& answer, std::string_view method, std::string_view ha1, std::string_view body) {
  if (is_right_as_it_is(answer, method, ha1, body)) return true;
  if (answer.uri.find('\\') == std::string_view::npos) return false;
  const std::string uri = unescape_quoted(answer.uri);
  DigestResponse unescaped = answer;
  unescaped.uri = uri;
  return is_right_as_it_is(unescaped, method, ha1, body);
}

/// Each count once, in nearly any order, as in RFC 4303 §3.4.3.
bool take_count(std::uint64_t& window, std::uint32_t& highest, std::uint32_t count) noexcept {
  constexpr std::uint32_t kWindow = 64;
  if (count > highest) {
    const std::uint32_t ahead = count - highest;
    window = ahead < kWindow ? (window << ahead) | 1U : 1U;
    highest = count;
    return true;
  }
  const std::uint32_t behind = highest - count;
  if (behind >= kWindow || (window >> behind & 1U) != 0) return false;
  window |= std::uint64_t{1} << behind;
  return true;
}

std::string_view offered_qop(DigestServer::BodyProtection protection) {
  switch (protection) {
    case DigestServer::BodyProtection::Offered: return "auth,auth-int";
    case DigestServer::BodyProtection::Required: return "auth-int";
    default: return "auth";
  }
}

}  // namespace

DigestServer::DigestServer(std::string realm, const base::Clock& clock, base::Random& random) : DigestServer(std::move(realm), clock, random, Limits{}) {}

DigestServer::DigestServer(std::string realm, const base::Clock& clock, base::Random& random, Limits limits)
    : realm_(std::move(realm)), clock_(clock), random_(random), limits_(limits), dropped_(base::TimePoint::min()) {
  limits_.remembered_nonces = std::max<std::size_t>(limits_.remembered_nonces, 1);
  for (std::size_t at = 0; at < key_.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random_.next();
    std::memcpy(key_.data() + at, &word, sizeof(word));
  }
}

std::string DigestServer::make_nonce() {
  const auto now = static_cast<std::uint64_t>(clock_.now().time_since_epoch().count());
  std::string nonce = fmt::format("{:016x}{:016x}", now, random_.next());
  return nonce += sign(nonce);
}

std::string DigestServer::challenge(DigestAlgorithm algorithm, bool stale) {
  return fmt::format("Digest realm=\"{}\", nonce=\"{}\", algorithm={}, qop=\"{}\"{}", escape_quoted(realm_), make_nonce(), to_string(algorithm),
                     offered_qop(limits_.body_protection), stale ? ", stale=true" : "");
}

std::string DigestServer::next_nonce(const DigestResponse& accepted) {
  Nonce nonce{};
  if (!read_nonce(accepted.nonce, nonce) || nonce.issued + limits_.nonce_lifetime / 2 > clock_.now()) return {};
  return fmt::format("Authentication-Info: nextnonce=\"{}\"\r\n", make_nonce());
}

std::string DigestServer::sign(std::string_view time_and_salt) const { return keyed_hash_hex(key_, time_and_salt); }

bool DigestServer::read_nonce(std::string_view text, Nonce& nonce) const {
  if (text.size() != kNonce) return false;
  const std::string_view time_and_salt = text.substr(0, kTimeAndSalt);
  if (!equal_in_constant_time(text.substr(kTimeAndSalt), sign(time_and_salt))) return false;
  std::uint64_t issued = 0;
  if (!read_hex(time_and_salt.substr(0, 16), issued) || !read_hex(time_and_salt.substr(16), nonce.salt)) return false;
  nonce.issued = base::TimePoint(base::Duration(static_cast<base::Duration::rep>(issued)));
  return true;
}

DigestServer::Verdict DigestServer::verify(const DigestResponse& answer, std::string_view method, std::string_view ha1, std::string_view body) {
  if (answer.realm != realm_ && unescape_quoted(answer.realm) != realm_) return Verdict::Wrong;
  const bool with_body = equals_ignoring_case(answer.qop, "auth-int");
  if (with_body ? limits_.body_protection == BodyProtection::Off : limits_.body_protection == BodyProtection::Required) return Verdict::Wrong;
  std::uint32_t count = std::numeric_limits<std::uint32_t>::max();  // Without qop there is no count, so the nonce serves once.
  if (!answer.qop.empty() && (answer.nonce_count.size() > 8 || !read_hex(answer.nonce_count, count) || count == 0)) return Verdict::Wrong;
  // Stale is said to those only who know the password (RFC 7616 §3.3), so the password comes first.
  if (!is_right(answer, method, ha1, body)) return Verdict::Wrong;
  Nonce nonce{};
  if (!read_nonce(answer.nonce, nonce) || nonce.issued + limits_.nonce_lifetime <= clock_.now()) return Verdict::Stale;
  return count_use(nonce, count);
}

DigestServer::Verdict DigestServer::count_use(const Nonce& nonce, std::uint32_t count) {
  forget_expired();
  if (const auto known = used_.find(nonce.salt); known != used_.end()) {
    return take_count(known->second.window, known->second.highest_count, count) ? Verdict::Accepted : Verdict::Stale;
  }
  if (nonce.issued <= dropped_) return Verdict::Stale;
  if (used_.size() >= limits_.remembered_nonces) forget_oldest();
  used_.emplace(nonce.salt, Use{1, count, nonce.issued});
  order_.push_back(nonce.salt);
  return Verdict::Accepted;
}

void DigestServer::forget_expired() {
  const base::TimePoint oldest = clock_.now() - limits_.nonce_lifetime;
  while (!order_.empty()) {
    const auto first = used_.find(order_.front());
    if (first->second.issued > oldest) return;
    used_.erase(first);
    order_.pop_front();
  }
}

void DigestServer::forget_oldest() {
  const auto oldest = used_.find(order_.front());
  dropped_ = std::max(dropped_, oldest->second.issued);
  used_.erase(oldest);
  order_.pop_front();
}

}  // namespace callwright::sip
