#include "sip/digest.hpp"

#include "sip/digest_hash.hpp"
#include "sip/fields.hpp"
#include "sip/scan.hpp"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <utility>

namespace callwright::sip {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using scan::view;

struct Wanted {
  std::string_view name;
  std::string_view* value;  ///< Its data is null until the parameter is found.
};

/// The value at `at`, which moves behind it: the content of a quoted string, or what stands before the next blank or comma.
bool read_value(const char*& at, const char* end, std::string_view& value) noexcept {
  if (at != end && *at == '"') {
    const char* const closing = scan::find_closing_quote(at + 1, end);
    if (closing == end) return false;
    value = view(at + 1, closing);
    at = closing + 1;
    return true;
  }
  const char* const from = at;
  while (at != end && *at != ',' && !scan::is_blank(*at))
    ++at;
  value = view(from, at);
  return true;
}

Error malformed(const char* at, std::string_view text, std::string_view reason) {
  return {Errc::InvalidArgument, fmt::format("The digest parameters are malformed at byte {}: {}.", at - text.data(), reason)};
}

/// Reads `name=value, name="value"` in any order; names that nobody wants are passed over (RFC 3261 §25.1 auth-param).
Result<void> read_parameters(std::string_view text, std::string_view parameters, std::span<const Wanted> wanted) {
  const char* at = parameters.data();
  const char* const end = scan::end_of(parameters);
  while (true) {
    while (at != end && (*at == ',' || scan::is_blank(*at)))
      ++at;
    if (at == end) return base::ok();
    const char* const name_at = at;
    at = scan::skip(scan::kToken, at, end);
    const std::string_view name = view(name_at, at);
    at = scan::skip_blanks(at, end);
    if (name.empty() || at == end || *at != '=') return malformed(at, text, "name=value expected");
    at = scan::skip_blanks(at + 1, end);
    std::string_view value;
    if (!read_value(at, end, value)) return malformed(at, text, "the quoted string has no end");
    at = scan::skip_blanks(at, end);
    if (at != end && *at != ',') return malformed(at, text, "',' expected");
    for (const Wanted& one : wanted) {
      if (!equals_ignoring_case(one.name, name)) continue;
      if (one.value->data() != nullptr) return malformed(name_at, text, "the parameter is there twice");
      *one.value = value;
    }
  }
}

/// The text behind "Digest ".
Result<std::string_view> digest_parameters(std::string_view value) {
  const std::string_view text = scan::trim(value);
  const char* const end = scan::end_of(text);
  const char* const scheme_end = scan::skip(scan::kToken, text.data(), end);
  const std::string_view scheme = view(text.data(), scheme_end);
  if (!equals_ignoring_case(scheme, "Digest")) return Error(Errc::Unsupported, "The authentication scheme is not Digest, the only one offered here.");
  return view(scheme_end, end);
}

Result<DigestAlgorithm> read_algorithm(std::string_view name) {
  if (name.data() == nullptr) return DigestAlgorithm::Md5;
  if (const auto known = parse_digest_algorithm(name)) return *known;
  return Error(Errc::Unsupported, "The digest algorithm is none of MD5, SHA-256 and SHA-512-256.");
}

bool offers(std::string_view qop, std::string_view wanted) noexcept {
  while (!qop.empty()) {
    if (equals_ignoring_case(scan::next_value(qop), wanted)) return true;
  }
  return false;
}

Error missing(std::string_view name) { return {Errc::InvalidArgument, fmt::format("The digest parameter {} is missing.", name)}; }

}  // namespace

std::string_view to_string(DigestAlgorithm algorithm) noexcept {
  constexpr std::string_view kNames[] = {"MD5", "SHA-256", "SHA-512-256", "MD5-sess", "SHA-256-sess", "SHA-512-256-sess"};
  return kNames[static_cast<std::size_t>(algorithm)];
}

std::optional<DigestAlgorithm> parse_digest_algorithm(std::string_view name) noexcept {
  for (const DigestAlgorithm algorithm : kDigestAlgorithms) {
    if (equals_ignoring_case(name, to_string(algorithm))) return algorithm;
  }
  return std::nullopt;
}

Result<DigestChallenge> DigestChallenge::parse(std::string_view value) {
  const auto parameters = digest_parameters(value);
  if (!parameters) return parameters.error();
  std::string_view realm, nonce, opaque, qop, stale, algorithm_name;
  const Wanted wanted[] = {{"realm", &realm}, {"nonce", &nonce}, {"opaque", &opaque}, {"qop", &qop}, {"stale", &stale}, {"algorithm", &algorithm_name}};
  if (const auto read = read_parameters(value, parameters.value(), wanted); !read) return read.error();
  if (realm.data() == nullptr) return missing("realm");
  if (nonce.empty()) return missing("nonce");
  const auto algorithm = read_algorithm(algorithm_name);
  if (!algorithm) return algorithm.error();
  auto protection = DigestChallenge::Protection::None;
  if (!qop.empty()) {
    if (!offers(qop, "auth") && !offers(qop, "auth-int")) return Error(Errc::Unsupported, "The server offers neither qop=auth nor qop=auth-int.");
    protection = offers(qop, "auth") ? DigestChallenge::Protection::Auth : DigestChallenge::Protection::Body;
  }

  DigestChallenge challenge;
  challenge.algorithm = algorithm.value();
  challenge.algorithm_named = algorithm_name.data() != nullptr;
  challenge.realm = unescape_quoted(realm);
  challenge.nonce = unescape_quoted(nonce);
  challenge.opaque = unescape_quoted(opaque);
  challenge.protection = protection;
  challenge.stale = equals_ignoring_case(stale, "true");
  return challenge;
}

DigestClient::DigestClient(Credentials credentials, base::Random& random) : credentials_(std::move(credentials)), random_(random) {}

std::string DigestClient::authorize(const DigestChallenge& challenge, std::string_view method, std::string_view uri, std::string_view body) {
  if (challenge.nonce != last_nonce_) {
    last_nonce_ = challenge.nonce;
    nonce_count_ = 0;
  }
  ++nonce_count_;
  const bool counted = challenge.protection != DigestChallenge::Protection::None;
  const std::string ha1 = digest_ha1(challenge.algorithm, credentials_.username, challenge.realm, credentials_.password);
  const std::string count = fmt::format("{:08x}", nonce_count_);
  const std::string cnonce = counted || is_session(challenge.algorithm) ? random_.token(16) : std::string();
  DigestResponse answer;
  answer.algorithm = challenge.algorithm;
  answer.nonce = challenge.nonce;
  answer.uri = uri;
  answer.cnonce = cnonce;
  if (counted) {
    answer.qop = challenge.protection == DigestChallenge::Protection::Auth ? "auth" : "auth-int";
    answer.nonce_count = count;
  }
  std::string value =
      fmt::format("Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{}\"", escape_quoted(credentials_.username),
                  escape_quoted(challenge.realm), escape_quoted(challenge.nonce), escape_quoted(uri), expected_response(answer, method, ha1, body));
  if (challenge.algorithm_named) value.append(", algorithm=").append(to_string(challenge.algorithm));
  if (!challenge.opaque.empty()) value.append(", opaque=\"").append(escape_quoted(challenge.opaque)).append("\"");
  if (counted) value += fmt::format(", qop={}, nc={}", answer.qop, count);
  if (!cnonce.empty()) value.append(", cnonce=\"").append(cnonce).append("\"");
  if (remembers_ && known_.get() != &challenge) known_ = std::make_unique<DigestChallenge>(challenge);
  return value;
}

void DigestClient::take_next_nonce(std::string_view authentication_info) {
  std::string_view next;
  const Wanted wanted[] = {{"nextnonce", &next}};
  if (known_ != nullptr && read_parameters(authentication_info, authentication_info, wanted) && !next.empty()) {
    known_->nonce = unescape_quoted(next);
  }
}

Result<DigestResponse> DigestResponse::parse(std::string_view value) {
  const auto parameters = digest_parameters(value);
  if (!parameters) return parameters.error();
  DigestResponse answer;
  std::string_view algorithm_name;
  const Wanted wanted[] = {{"username", &answer.username}, {"realm", &answer.realm},       {"nonce", &answer.nonce},
                           {"uri", &answer.uri},           {"response", &answer.response}, {"cnonce", &answer.cnonce},
                           {"nc", &answer.nonce_count},    {"qop", &answer.qop},           {"algorithm", &algorithm_name}};
  if (const auto read = read_parameters(value, parameters.value(), wanted); !read) return read.error();
  for (const Wanted& one : std::span(wanted).first(5)) {
    if (one.value->data() == nullptr) return missing(one.name);
  }
  const auto algorithm = read_algorithm(algorithm_name);
  if (!algorithm) return algorithm.error();
  answer.algorithm = algorithm.value();
  if ((!answer.qop.empty() || is_session(answer.algorithm)) && answer.cnonce.data() == nullptr) return missing("cnonce");
  if (answer.qop.empty()) return answer;
  if (!equals_ignoring_case(answer.qop, "auth") && !equals_ignoring_case(answer.qop, "auth-int")) {
    return Error(Errc::Unsupported, "The only supported qops are auth and auth-int.");
  }
  if (answer.nonce_count.empty()) return missing("nc");
  return answer;
}

}  // namespace callwright::sip
