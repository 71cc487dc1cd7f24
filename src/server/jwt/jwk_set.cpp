#include "server/jwt/jwk_set.hpp"

#include "base/base64.hpp"

#include <algorithm>
#include <utility>

namespace callwright::server {

using base::Errc;
using base::Error;
using base::Result;
using call_api::Json;

namespace {

constexpr std::size_t kMaxDepth = 8;
constexpr std::size_t kMaxId = 256;

Error unusable(std::string why) { return {Errc::InvalidArgument, std::move(why)}; }

/// The text of a member, "" when it is missing or something else.
std::string text_of(const Json& object, std::string_view name) {
  const Json* const member = object.find(name);
  const std::string* const text = member == nullptr ? nullptr : member->string();
  return text == nullptr ? std::string() : *text;
}

/// RFC 7517 §4.1 to §4.4: what the key is for; nothing when it is not for us.
std::optional<JwtAlgorithm> purpose_of(const Json& jwk) {
  const std::string kind = text_of(jwk, "kty");
  std::optional<JwtAlgorithm> algorithm;
  if (kind == "oct") {
    algorithm = JwtAlgorithm::Hs256;
  } else if (kind == "RSA") {
    algorithm = JwtAlgorithm::Rs256;
  } else if (kind == "EC" && text_of(jwk, "crv") == "P-256") {
    algorithm = JwtAlgorithm::Es256;
  }
  const bool other_use = jwk.find("use") != nullptr && text_of(jwk, "use") != "sig";
  const bool other_algorithm = algorithm && jwk.find("alg") != nullptr && text_of(jwk, "alg") != to_string(*algorithm);
  const Json* const operations = jwk.find("key_ops");
  const Json::Array* const list = operations == nullptr ? nullptr : operations->array();
  const bool other_operations = operations != nullptr && (list == nullptr || std::none_of(list->begin(), list->end(), [](const Json& operation) {
                                                            return operation.string() != nullptr && *operation.string() == "verify";
                                                          }));
  return other_use || other_algorithm || other_operations ? std::nullopt : algorithm;
}

Result<std::vector<std::uint8_t>> bytes_of(const Json& jwk, std::string_view name) {
  auto bytes = from_base64url(text_of(jwk, name));
  if (!bytes || bytes->empty()) {
    return unusable("\"" + std::string(name) + "\" has to be a text in base64url without padding");
  }
  return std::move(*bytes);
}

Result<VerificationKey> hs256_of(const Json& jwk) {
  auto bytes = bytes_of(jwk, "k");
  if (!bytes) {
    return bytes.error();
  }
  base::SecretBytes secret(bytes->begin(), bytes->end());
  base::wipe(bytes->data(), bytes->size());
  return VerificationKey::hs256(std::move(secret));
}

Result<VerificationKey> key_of(const Json& jwk, JwtAlgorithm algorithm) {
  if (algorithm == JwtAlgorithm::Hs256) {
    return hs256_of(jwk);
  }
  if (jwk.find("d") != nullptr) {
    return unusable("this is the private key; only the one who signs needs it, so take \"d\" and what else is private out");
  }
  const bool rsa = algorithm == JwtAlgorithm::Rs256;
  const auto first = bytes_of(jwk, rsa ? "n" : "x");
  const auto second = bytes_of(jwk, rsa ? "e" : "y");
  if (!first || !second) {
    return first ? second.error() : first.error();
  }
  return rsa ? VerificationKey::rs256(*first, *second) : VerificationKey::es256(*first, *second);
}

/// Nothing for a key that is not for us.
Result<std::optional<JwkSet::Jwk>> jwk_of(const Json& value) {
  if (value.object() == nullptr) {
    return unusable("a key is an object");
  }
  if (const auto name = twice_in(*value.object())) {
    return unusable("\"" + shown(*name) + "\" is there twice");
  }
  const auto algorithm = purpose_of(value);
  if (!algorithm) {
    return std::optional<JwkSet::Jwk>();
  }
  const std::string id = text_of(value, "kid");
  if (id.size() > kMaxId || (value.find("kid") != nullptr && id.empty())) {
    return unusable("\"kid\" has to be a text of 1 to " + std::to_string(kMaxId) + " bytes");
  }
  auto key = key_of(value, *algorithm);
  if (!key) {
    return key.error();
  }
  return std::optional<JwkSet::Jwk>(JwkSet::Jwk{id, std::move(*key)});
}

}  // namespace

std::optional<std::vector<std::uint8_t>> from_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '-', '+');
  std::replace(plain.begin(), plain.end(), '_', '/');
  return base::from_base64(plain);
}

std::optional<std::string_view> twice_in(const Json::Object& object) {
  std::vector<std::string_view> names;
  for (const Json::Member& member : object) {
    names.push_back(member.name);
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  return twice == names.end() ? std::nullopt : std::optional(*twice);
}

std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  return text.size() <= kLongest ? std::string(text) : std::string(text.substr(0, kLongest)) + "…";
}

Result<JwkSet> JwkSet::parse(std::string_view text, std::string_view file) {
  const auto wrong = [file](const std::string& what) { return unusable(std::string(file) + ": " + what); };
  const auto json = call_api::parse_json(text, kMaxDepth);
  if (!json) {
    return wrong("this is no JSON: " + json.error().message());
  }
  const Json* const list = json->find("keys");
  if (list == nullptr || list->array() == nullptr || twice_in(*json->object())) {
    return wrong("expected a set of keys, {\"keys\":[…]} (RFC 7517 §5)");
  }
  if (list->array()->size() > kMaxKeys) {
    return wrong("a set has " + std::to_string(kMaxKeys) + " keys at most");
  }
  JwkSet set;
  for (const Json& value : *list->array()) {
    auto jwk = jwk_of(value);
    const std::string name =
        "key " + std::to_string(&value - list->array()->data() + 1) + (text_of(value, "kid").empty() ? "" : " (kid \"" + shown(text_of(value, "kid")) + "\")");
    if (!jwk) {
      return wrong(name + ": " + jwk.error().message());
    }
    const bool taken = *jwk && !(*jwk)->id.empty() && std::any_of(set.keys_.begin(), set.keys_.end(), [&](const Jwk& other) { return other.id == (*jwk)->id; });
    if (taken) {
      return wrong(name + ": there is a key of that kid already; a kid stands for one key");
    }
    if (*jwk) {
      set.keys_.push_back(std::move(**jwk));
    }
  }
  if (set.keys_.empty()) {
    return wrong("there is no key for HS256, RS256 or ES256 in it");
  }
  return set;
}

Result<VerificationKey> JwkSet::find(const std::optional<std::string>& id, JwtAlgorithm algorithm) const {
  const std::string name(to_string(algorithm));
  if (id) {
    const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Jwk& jwk) { return !jwk.id.empty() && jwk.id == *id; });
    if (found == keys_.end()) {
      return Error(Errc::NotFound, "there is no key of its kid \"" + shown(*id) + "\"");
    }
    if (found->key.algorithm() != algorithm) {
      return Error(Errc::Refused, "its alg is " + name + ", but the key \"" + shown(*id) + "\" is for " + std::string(to_string(found->key.algorithm())));
    }
    return found->key;
  }
  const auto fits = [algorithm](const Jwk& jwk) { return jwk.key.algorithm() == algorithm; };
  const auto found = std::find_if(keys_.begin(), keys_.end(), fits);
  if (found == keys_.end()) {
    return Error(Errc::NotFound, "there is no key for its alg, " + name);
  }
  if (std::any_of(found + 1, keys_.end(), fits)) {
    return Error(Errc::NotFound, "it has no kid, and there are several keys for " + name);
  }
  return found->key;
}

bool JwkSet::has(const std::string& fingerprint) const noexcept {
  return std::any_of(keys_.begin(), keys_.end(), [&](const Jwk& jwk) { return jwk.key.fingerprint() == fingerprint; });
}

bool JwkSet::has_secrets() const noexcept {
  return std::any_of(keys_.begin(), keys_.end(), [](const Jwk& jwk) { return jwk.key.algorithm() == JwtAlgorithm::Hs256; });
}

}  // namespace callwright::server
