#include "sdp/ice.hpp"

#include "sdp/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace callwright::sdp {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::size_t kMaxHosts = 32;
constexpr std::size_t kMaxGroups = 16;

Error malformed(const char* reason) { return {Errc::InvalidArgument, reason}; }

bool is_ice_text(std::string_view text, std::size_t least, std::size_t most) noexcept {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/'; };
  return text.size() >= least && text.size() <= most && std::all_of(text.begin(), text.end(), good);
}

/// Of the section, else of the session.
std::optional<std::string_view> value_of(const Description& description, const Media& media, std::string_view name) noexcept {
  for (const Attributes* attributes : {&media.attributes, &description.attributes}) {
    const Attribute* const attribute = find_attribute(*attributes, name);
    if (attribute != nullptr && attribute->value) {
      return *attribute->value;
    }
  }
  return std::nullopt;
}

void remove(Attributes& attributes, std::string_view name) {
  std::erase_if(attributes, [name](const Attribute& attribute) { return attribute.name == name; });
}

void replace(Attributes& attributes, std::string_view name, std::optional<std::string> value) {
  remove(attributes, name);
  attributes.push_back({std::string(name), std::move(value)});
}

bool has_word(std::string_view words, std::string_view wanted) noexcept {
  for (std::string_view word = text::next_word(words); !word.empty(); word = text::next_word(words)) {
    if (word == wanted) {
      return true;
    }
  }
  return false;
}

std::vector<IceCandidate> candidates_of(const Media& media) {
  std::vector<IceCandidate> candidates;
  for (const Attribute& attribute : media.attributes) {
    if (attribute.name == "candidate" && attribute.value && candidates.size() < IceDescription::kMaxCandidates) {
      if (auto candidate = IceCandidate::parse(*attribute.value)) {
        candidates.push_back(std::move(*candidate));
      }
    }
  }
  return candidates;
}

/// Bytes of the hash; 0 for one that proves too little.
std::size_t hash_size(std::string_view algorithm) noexcept {
  if (algorithm == "sha-256") return 32;
  if (algorithm == "sha-384") return 48;
  return algorithm == "sha-512" ? 64 : 0;
}

std::optional<CertificateFingerprint> read_fingerprint(std::string_view value) {
  CertificateFingerprint fingerprint;
  for (const char letter : text::next_word(value)) {
    fingerprint.algorithm += text::lower(letter);
  }
  const std::string_view digits = text::next_word(value);
  const std::size_t size = hash_size(fingerprint.algorithm);
  if (size == 0 || digits.size() != size * 3 - 1) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char letter = digits[i] >= 'a' && digits[i] <= 'f' ? static_cast<char>(digits[i] - 'a' + 'A') : digits[i];
    const bool is_digit = (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'F');
    if (i % 3 == 2 ? letter != ':' : !is_digit) {
      return std::nullopt;
    }
    fingerprint.value += letter;
  }
  return fingerprint;
}

constexpr std::array<std::string_view, 4> kSetups{"active", "passive", "actpass", "holdconn"};

}  // namespace

Result<IceCandidate> IceCandidate::parse(std::string_view value) {
  constexpr std::string_view kPrefix = "candidate:";
  if (value.starts_with(kPrefix)) {
    value.remove_prefix(kPrefix.size());
  }
  IceCandidate candidate;
  candidate.foundation = text::next_word(value);
  const auto component = text::to_number<std::uint32_t>(text::next_word(value));
  candidate.transport = text::next_word(value);
  const auto priority = text::to_number<std::uint32_t>(text::next_word(value));
  candidate.address = text::next_word(value);
  const auto port = text::to_number<std::uint16_t>(text::next_word(value));
  const std::string_view typ = text::next_word(value);
  candidate.type = text::next_word(value);
  if (!is_ice_text(candidate.foundation, 1, 32) || !component || *component == 0 || *component > 256 || !priority || !port || typ != "typ" ||
      candidate.type.empty() || candidate.address.size() > 253) {
    return malformed("a=candidate: expected \"<foundation> <component> <transport> <priority> <address> <port> typ <type>\"");
  }
  candidate.component = *component;
  candidate.priority = *priority;
  candidate.port = *port;
  candidate.extensions = value;
  return candidate;
}

std::string IceCandidate::to_string() const {
  return fmt::format("{} {} {} {} {} {} typ {}{}{}", foundation, component, transport, priority, address, port, type, extensions.empty() ? "" : " ",
                     extensions);
}

std::optional<base::SocketAddress> IceCandidate::socket_address() const {
  const auto ip = base::IpAddress::parse(address);
  return ip ? std::optional(base::SocketAddress{*ip, port}) : std::nullopt;
}

std::vector<IceCandidate> make_host_candidates(std::span<const base::SocketAddress> addresses, std::uint32_t component) {
  constexpr std::uint32_t kHostPreference = 126;
  std::vector<IceCandidate> candidates;
  for (const base::SocketAddress& address : addresses.first(std::min(addresses.size(), kMaxHosts))) {
    const auto preference = static_cast<std::uint32_t>(65535 - candidates.size());
    IceCandidate candidate;
    candidate.foundation = std::to_string(candidates.size() + 1);
    candidate.component = component;
    candidate.priority = kHostPreference << 24 | preference << 8 | (256 - component);
    candidate.address = address.ip.to_string();
    candidate.port = address.port;
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

Result<std::optional<IceDescription>> ice_of(const Description& description, const Media& media) {
  const auto ufrag = value_of(description, media, "ice-ufrag");
  const auto password = value_of(description, media, "ice-pwd");
  if (!ufrag && !password) {
    return std::optional<IceDescription>();
  }
  if (!ufrag || !password || !is_ice_text(*ufrag, 4, 256) || !is_ice_text(*password, 22, 256)) {
    return malformed("a=ice-ufrag needs 4 to 256 letters, digits, + or /, and a=ice-pwd 22 to 256");
  }
  IceDescription ice;
  ice.ufrag = *ufrag;
  ice.password = *password;
  ice.lite = find_attribute(description.attributes, "ice-lite") != nullptr;
  const std::string_view options = value_of(description, media, "ice-options").value_or("");
  ice.trickles = has_word(options, "trickle") || has_word(options, "trickle-ice");
  ice.end_of_candidates = find_attribute(media.attributes, "end-of-candidates") != nullptr;
  ice.candidates = candidates_of(media);
  return std::optional(std::move(ice));
}

void set_ice(Description& description, Media& media, const IceDescription& ice) {
  for (const std::string_view name : {"ice-ufrag", "ice-pwd", "ice-options", "candidate", "end-of-candidates"}) {
    remove(media.attributes, name);
  }
  remove(description.attributes, "ice-lite");
  if (ice.lite) {
    description.attributes.push_back({"ice-lite", std::nullopt});
  }
  media.attributes.push_back({"ice-ufrag", ice.ufrag});
  media.attributes.push_back({"ice-pwd", ice.password});
  if (ice.trickles) {
    media.attributes.push_back({"ice-options", "trickle"});
  }
  for (const IceCandidate& candidate : ice.candidates) {
    media.attributes.push_back({"candidate", candidate.to_string()});
  }
  if (ice.end_of_candidates) {
    media.attributes.push_back({"end-of-candidates", std::nullopt});
  }
}

std::optional<CertificateFingerprint> fingerprint_of(const Description& description, const Media& media) {
  for (const Attributes* attributes : {&media.attributes, &description.attributes}) {
    std::optional<CertificateFingerprint> best;
    for (const Attribute& attribute : *attributes) {
      auto fingerprint = attribute.name == "fingerprint" && attribute.value ? read_fingerprint(*attribute.value) : std::nullopt;
      if (fingerprint && (!best || fingerprint->value.size() > best->value.size())) {
        best = std::move(fingerprint);
      }
    }
    if (best) {
      return best;
    }
  }
  return std::nullopt;
}

void set_fingerprint(Media& media, const CertificateFingerprint& fingerprint) {
  replace(media.attributes, "fingerprint", fingerprint.algorithm + " " + fingerprint.value);
}

std::string_view to_string(Setup setup) noexcept { return kSetups[static_cast<std::size_t>(setup)]; }

std::optional<Setup> setup_of(const Description& description, const Media& media) noexcept {
  const auto value = value_of(description, media, "setup");
  if (!value) {
    return Setup::ActPass;
  }
  const auto found = std::find(kSetups.begin(), kSetups.end(), *value);
  return found == kSetups.end() ? std::nullopt : std::optional(static_cast<Setup>(found - kSetups.begin()));
}

void set_setup(Media& media, Setup setup) { replace(media.attributes, "setup", std::string(to_string(setup))); }

Result<Setup> answer_to(Setup offered) {
  switch (offered) {
    case Setup::ActPass:
    case Setup::Passive: return Setup::Active;
    case Setup::Active: return Setup::Passive;
    case Setup::HoldConn: break;
  }
  return Error(Errc::Unsupported, "a=setup:holdconn would leave the media without keys; offer actpass");
}

bool has_rtcp_mux(const Media& media) noexcept { return find_attribute(media.attributes, "rtcp-mux") != nullptr; }

void set_rtcp_mux(Media& media) { replace(media.attributes, "rtcp-mux", std::nullopt); }

std::string_view mid_of(const Media& media) noexcept {
  const Attribute* const attribute = find_attribute(media.attributes, "mid");
  return attribute != nullptr && attribute->value ? std::string_view(*attribute->value) : std::string_view{};
}

std::vector<std::vector<std::string>> bundle_groups(const Description& description) {
  std::vector<std::vector<std::string>> groups;
  for (const Attribute& attribute : description.attributes) {
    std::string_view words = attribute.name == "group" && attribute.value ? std::string_view(*attribute.value) : std::string_view{};
    if (text::next_word(words) != "BUNDLE" || groups.size() == kMaxGroups) {
      continue;
    }
    std::vector<std::string>& mids = groups.emplace_back();
    for (std::string_view mid = text::next_word(words); !mid.empty() && mids.size() < Description::kMaxMedia; mid = text::next_word(words)) {
      mids.emplace_back(mid);
    }
  }
  return groups;
}

void set_bundle(Description& description, std::span<const std::string> mids) {
  std::erase_if(description.attributes,
                [](const Attribute& attribute) { return attribute.name == "group" && attribute.value && attribute.value->starts_with("BUNDLE"); });
  if (mids.empty()) {
    return;
  }
  description.attributes.push_back({"group", fmt::format("BUNDLE {}", fmt::join(mids, " "))});
}

}  // namespace callwright::sdp
