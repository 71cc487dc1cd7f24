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
  if (name.data() == nullptr || equals_ignoring_case(name, "MD5")) return DigestAlgorithm::Md5;
  if (equals_ignoring_case(name, "SHA-256")) return DigestAlgorithm::Sha256;
  return Error(Errc::Unsupported, "The digest algorithm is neither MD5 nor SHA-256.");
}

bool offers_auth(std::string_view qop) noexcept {
  while (!qop.empty()) {
    if (equals_ignoring_case(scan::next_value(qop), "auth")) return true;
  }
  return false;
}

Error missing(std::string_view name) { return {Errc::InvalidArgument, fmt::format("The digest parameter {} is missing.", name)}; }

}  // namespace

std::string_view to_string(DigestAlgorithm algorithm) noexcept { return algorithm == DigestAlgorithm::Md5 ? "MD5" : "SHA-256"; }

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
  if (!qop.empty() && !offers_auth(qop)) return Error(Errc::Unsupported, "The server offers no qop=auth, the only one that is supported.");

  DigestChallenge challenge;
  challenge.algorithm = algorithm.value();
  challenge.algorithm_named = algorithm_name.data() != nullptr;
  challenge.realm = unescape_quoted(realm);
  challenge.nonce = unescape_quoted(nonce);
  challenge.opaque = unescape_quoted(opaque);
  challenge.qop_auth = !qop.empty();
  challenge.stale = equals_ignoring_case(stale, "true");
  return challenge;
}

DigestClient::DigestClient(Credentials credentials, base::Random& random) : credentials_(std::move(credentials)), random_(random) {}

std::string DigestClient::authorize(const DigestChallenge& challenge, std::string_view method, std::string_view uri) {
  if (challenge.nonce != last_nonce_) {
    last_nonce_ = challenge.nonce;
    nonce_count_ = 0;
  }
  ++nonce_count_;
  const std::string ha1 = digest_ha1(challenge.algorithm, credentials_.username, challenge.realm, credentials_.password);
  const std::string count = fmt::format("{:08x}", nonce_count_);
  const std::string cnonce = challenge.qop_auth ? random_.token(16) : std::string();
  DigestResponse answer;
  answer.algorithm = challenge.algorithm;
  answer.nonce = challenge.nonce;
  answer.uri = uri;
  if (challenge.qop_auth) {
    answer.qop = "auth";
    answer.nonce_count = count;
    answer.cnonce = cnonce;
  }
  std::string value = fmt::format("Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{}\"", escape_quoted(credentials_.username),
                                  escape_quoted(challenge.realm), escape_quoted(challenge.nonce), escape_quoted(uri), expected_response(answer, method, ha1));
  if (challenge.algorithm_named) value.append(", algorithm=").append(to_string(challenge.algorithm));
  if (!challenge.opaque.empty()) value.append(", opaque=\"").append(escape_quoted(challenge.opaque)).append("\"");
  if (challenge.qop_auth) value += fmt::format(", qop=auth, nc={}, cnonce=\"{}\"", count, cnonce);
  return value;
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
  if (answer.qop.empty()) return answer;
  if (!equals_ignoring_case(answer.qop, "auth")) return Error(Errc::Unsupported, "The only supported qop is auth.");
  if (answer.nonce_count.empty()) return missing("nc");
  if (answer.cnonce.data() == nullptr) return missing("cnonce");
  return answer;
}

}  // namespace callwright::sip
