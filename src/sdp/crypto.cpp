#include "sdp/crypto.hpp"

#include "base/base64.hpp"
#include "sdp/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace callwright::sdp {
namespace {

using base::Errc;
using base::Error;
using base::Result;

struct SuiteName {
  std::string_view name;
  std::size_t key_size;
};

constexpr std::array<SuiteName, 6> kSuites{{
    {"AES_CM_128_HMAC_SHA1_80", 30},
    {"AES_CM_128_HMAC_SHA1_32", 30},
    {"AES_256_CM_HMAC_SHA1_80", 46},
    {"AES_256_CM_HMAC_SHA1_32", 46},
    {"AEAD_AES_128_GCM", 28},
    {"AEAD_AES_256_GCM", 44},
}};

constexpr std::string_view kAttribute = "crypto";
constexpr std::string_view kInline = "inline:";
constexpr std::uint32_t kLargestTag = 999'999'999;
constexpr std::size_t kMaxAttributes = 32;

Error malformed(const char* reason) { return {Errc::InvalidArgument, fmt::format("a=crypto: {}", reason)}; }

Error unsupported(const char* reason) { return {Errc::Unsupported, fmt::format("a=crypto: {}", reason)}; }

std::optional<CryptoSuite> suite_of(std::string_view name) noexcept {
  const auto found = std::find_if(kSuites.begin(), kSuites.end(), [&](const SuiteName& suite) { return text::equals_ignoring_case(suite.name, name); });
  return found == kSuites.end() ? std::nullopt : std::optional(static_cast<CryptoSuite>(found - kSuites.begin()));
}

/// "2^20" or "1048576".
bool is_lifetime(std::string_view word) noexcept {
  if (word.starts_with("2^")) {
    const auto power = text::to_number<unsigned>(word.substr(2));
    return power && *power <= 48;
  }
  return text::to_number<std::uint64_t>(word).has_value();
}

/// A session parameter that may be ignored: one that says so by its "-" (RFC 4568 §6.3.7), and the size of the sender's replay window.
bool is_harmless(std::string_view parameter) noexcept { return parameter.starts_with('-') || parameter.starts_with("WSH="); }

/// What follows "inline:".
Result<base::SecretBytes> read_key(std::string_view parameters, CryptoSuite suite) {
  if (parameters.find(';') != std::string_view::npos) {
    return unsupported("several keys in one attribute are not offered here");
  }
  auto decoded = base::from_base64(text::next_word(parameters, '|'));
  if (!decoded) {
    return malformed("the key is not of the size that its suite needs");
  }
  base::SecretBytes key(decoded->begin(), decoded->end());
  base::wipe(decoded->data(), decoded->size());
  if (key.size() != key_size_of(suite)) {
    return malformed("the key is not of the size that its suite needs");
  }
  for (std::string_view word = text::next_word(parameters, '|'); !word.empty(); word = text::next_word(parameters, '|')) {
    if (word.find(':') != std::string_view::npos) {
      return unsupported("a master key identifier is not offered here");
    }
    if (!is_lifetime(word)) {
      return malformed("the lifetime is no number of packets");
    }
  }
  return key;
}

/// Those that can be read, in their order.
std::vector<Crypto> usable_attributes(const Media& media) {
  std::vector<Crypto> usable;
  for (const Attribute& attribute : media.attributes) {
    if (attribute.name == kAttribute && attribute.value && usable.size() < kMaxAttributes) {
      if (auto crypto = Crypto::parse(*attribute.value)) {
        usable.push_back(std::move(*crypto));
      }
    }
  }
  return usable;
}

Crypto with_new_key(std::uint32_t tag, CryptoSuite suite, base::Random& random) {
  Crypto crypto{tag, suite, base::SecretBytes(key_size_of(suite))};
  for (std::uint8_t& byte : crypto.key_and_salt) {
    byte = static_cast<std::uint8_t>(random.next() >> 32);
  }
  return crypto;
}

}  // namespace

std::string_view to_string(CryptoSuite suite) noexcept { return kSuites[static_cast<std::size_t>(suite)].name; }

std::size_t key_size_of(CryptoSuite suite) noexcept { return kSuites[static_cast<std::size_t>(suite)].key_size; }

Result<Crypto> Crypto::parse(std::string_view value) {
  Crypto crypto;
  const auto tag = text::to_number<std::uint32_t>(text::next_word(value));
  const std::string_view name = text::next_word(value);
  const std::string_view parameters = text::next_word(value);
  if (!tag || *tag > kLargestTag || !parameters.starts_with(kInline)) {
    return malformed("expected \"<tag> <suite> inline:<key>\"");
  }
  const auto suite = suite_of(name);
  if (!suite) {
    return unsupported("the suite is not offered here");
  }
  // The others change how packets look (RFC 4568 §6.3), and none of them is common.
  for (std::string_view word = text::next_word(value); !word.empty(); word = text::next_word(value)) {
    if (!is_harmless(word)) {
      return unsupported("session parameters that change packets are not offered here");
    }
  }
  auto key = read_key(parameters.substr(kInline.size()), *suite);
  if (!key) {
    return key.error();
  }
  return Crypto{*tag, *suite, std::move(*key)};
}

std::string Crypto::to_string() const { return fmt::format("{} {} {}{}", tag, sdp::to_string(suite), kInline, base::to_base64(key_and_salt)); }

bool is_secure_protocol(std::string_view protocol) noexcept {
  const std::string_view profile = protocol.substr(std::min(protocol.rfind('/'), protocol.size()));
  return text::equals_ignoring_case(profile, "/SAVP") || text::equals_ignoring_case(profile, "/SAVPF");
}

std::vector<Crypto> make_crypto_offer(std::span<const CryptoSuite> suites, base::Random& random) {
  std::vector<Crypto> offer;
  for (const CryptoSuite suite : suites) {
    offer.push_back(with_new_key(static_cast<std::uint32_t>(offer.size() + 1), suite, random));
  }
  return offer;
}

void set_crypto(Media& media, std::span<const Crypto> attributes) {
  std::erase_if(media.attributes, [](const Attribute& attribute) { return attribute.name == kAttribute; });
  for (const Crypto& crypto : attributes) {
    media.attributes.push_back({std::string(kAttribute), crypto.to_string()});
  }
}

Result<std::optional<CryptoAgreement>> answer_crypto(const Media& offer, std::span<const Crypto> ours, MediaSecurity policy) {
  const bool demanded = is_secure_protocol(offer.protocol);
  if (policy == MediaSecurity::Off) {
    if (demanded) {
      return Error(Errc::Unsupported, "The offer demands encrypted media (RTP/SAVP), which is switched off here; allow it, or offer RTP/AVP");
    }
    return std::optional<CryptoAgreement>();
  }
  for (Crypto& remote : usable_attributes(offer)) {
    const auto key = std::find_if(ours.begin(), ours.end(), [&](const Crypto& crypto) { return crypto.suite == remote.suite; });
    if (key != ours.end()) {
      Crypto local = *key;
      local.tag = remote.tag;
      return std::optional(CryptoAgreement{std::move(local), std::move(remote)});
    }
  }
  if (demanded || policy == MediaSecurity::Required) {
    return Error(Errc::Unsupported, "Media has to be encrypted, and the offer has no a=crypto whose suite is allowed here");
  }
  return std::optional<CryptoAgreement>();
}

Result<std::optional<CryptoAgreement>> accept_crypto_answer(const Media& offer, const Media& answer, MediaSecurity policy) {
  const std::vector<Crypto> answered = usable_attributes(answer);
  const std::vector<Crypto> offered = usable_attributes(offer);
  if (offered.empty() || find_attribute(answer.attributes, kAttribute) == nullptr) {
    if (policy == MediaSecurity::Required || is_secure_protocol(offer.protocol) || is_secure_protocol(answer.protocol)) {
      return Error(Errc::Refused, "Media has to be encrypted, and the answer has no a=crypto; make the other side encrypt, or do not require it");
    }
    return std::optional<CryptoAgreement>();
  }
  // One attribute, with the tag and the suite of one that was offered (RFC 4568 §5.1.3).
  const auto matches = [&](const Crypto& local) { return answered.size() == 1 && local.tag == answered[0].tag && local.suite == answered[0].suite; };
  const auto local = std::find_if(offered.begin(), offered.end(), matches);
  if (local == offered.end()) {
    return Error(Errc::Refused, "The a=crypto of the answer is none of those that were offered");
  }
  return std::optional(CryptoAgreement{*local, answered[0]});
}

}  // namespace callwright::sdp
