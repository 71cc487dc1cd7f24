#include "rtp/ice_lite.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace callwright::rtp {
namespace {

namespace stun = base::stun;

constexpr std::size_t kHashSize = 20;
constexpr std::size_t kMaxUnknown = 8;
constexpr std::size_t kLargestCheck = 1500;  // Checks fit into one packet (RFC 8489 §6.1), so nobody makes us hash more than that.
/// After so long without a check, a nomination of lower priority replaces the selected address.
constexpr std::chrono::seconds kSilent{5};

std::string integrity_of(std::string_view bytes, std::string_view password) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  const auto* const data = reinterpret_cast<const unsigned char*>(bytes.data());
  if (HMAC(EVP_sha1(), password.data(), static_cast<int>(password.size()), data, bytes.size(), hash.data(), &size) == nullptr || size != kHashSize) {
    throw std::runtime_error("OpenSSL offers no HMAC-SHA-1, which ICE needs.");
  }
  return {reinterpret_cast<const char*>(hash.data()), size};
}

/// Attributes that have to be understood and are not. Those behind MESSAGE-INTEGRITY do not count (RFC 8489 §14.5).
std::vector<std::uint16_t> unknown_in(const stun::Message& message) {
  std::vector<std::uint16_t> unknown;
  for (const stun::Attribute& attribute : message.attributes()) {
    if (attribute.type == stun::kMessageIntegrity) {
      break;
    }
    const bool known = attribute.type == stun::kUsername || attribute.type == stun::kPriority || attribute.type == stun::kUseCandidate;
    if (!known && attribute.type < stun::kFirstOptional && unknown.size() < kMaxUnknown) {
      unknown.push_back(attribute.type);
    }
  }
  return unknown;
}

std::string finish(stun::Writer& answer, std::string_view password) {
  add_message_integrity(answer, password);
  answer.add_fingerprint();
  return answer.take();
}

}  // namespace

void add_message_integrity(stun::Writer& message, std::string_view password) {
  message.add(stun::kMessageIntegrity, integrity_of(stun::bytes_before(message.bytes(), message.bytes().size(), kHashSize), password));
}

bool has_good_integrity(const stun::Message& message, std::string_view password) {
  const stun::Attribute* const attribute = message.find(stun::kMessageIntegrity);
  if (attribute == nullptr || attribute->value.size() != kHashSize) {
    return false;
  }
  const std::string expected = integrity_of(stun::bytes_before(message.bytes(), attribute->at, kHashSize), password);
  return CRYPTO_memcmp(expected.data(), attribute->value.data(), kHashSize) == 0;
}

IceCredentials IceCredentials::make(base::Random& random) { return {random.token(8), random.token(32)}; }

void IceLite::restart(IceCredentials local) {
  previous_ = std::exchange(local_, std::move(local));
  remote_ufrag_.clear();
}

const IceCredentials* IceLite::credentials_for(std::string_view username, Generation& generation) const {
  const std::size_t colon = username.find(':');
  if (colon == std::string_view::npos) {
    return nullptr;
  }
  const std::string_view ours = username.substr(0, colon);
  if (ours == local_.ufrag && (remote_ufrag_.empty() || username.substr(colon + 1) == remote_ufrag_)) {
    generation = Generation::Present;
    return &local_;
  }
  generation = Generation::Previous;
  return previous_ && ours == previous_->ufrag ? &*previous_ : nullptr;
}

std::string IceLite::receive(std::string_view datagram, const base::SocketAddress& from, base::TimePoint now) {
  const auto request = datagram.size() > kLargestCheck ? std::nullopt : stun::Message::parse(datagram);
  if (!request || !request->has_good_fingerprint()) {
    ++refused_;
    return {};
  }
  if (request->type() != stun::kBindingRequest) {
    return {};
  }
  const stun::Attribute* const username = request->find(stun::kUsername);
  if (username == nullptr || request->find(stun::kMessageIntegrity) == nullptr) {
    return refuse(*request, 400, "Bad Request");
  }
  Generation generation{};
  const IceCredentials* const credentials = credentials_for(username->value, generation);
  if (credentials == nullptr || !has_good_integrity(*request, credentials->password)) {
    return refuse(*request, 401, "Unauthorized");
  }
  if (const auto unknown = unknown_in(*request); !unknown.empty()) {
    ++refused_;
    stun::Writer answer(stun::kBindingError, request->transaction());
    answer.add_error(420, "Unknown Attribute");
    answer.add_unknown_attributes(unknown);
    return finish(answer, credentials->password);
  }
  // A lite agent never controls; the other one has to (RFC 8445 §7.3.1.1).
  if (request->find(stun::kIceControlled) != nullptr) {
    ++refused_;
    stun::Writer answer(stun::kBindingError, request->transaction());
    answer.add_error(487, "Role Conflict");
    return finish(answer, credentials->password);
  }
  std::string answer = accept(*request, from, *credentials);
  note_check(*request, from, generation, now);
  return answer;
}

/// Without credentials to sign with (RFC 8489 §9.1.3).
std::string IceLite::refuse(const stun::Message& request, unsigned code, std::string_view reason) {
  ++refused_;
  stun::Writer answer(stun::kBindingError, request.transaction());
  answer.add_error(code, reason);
  answer.add_fingerprint();
  return answer.take();
}

std::string IceLite::accept(const stun::Message& request, const base::SocketAddress& from, const IceCredentials& credentials) {
  stun::Writer answer(stun::kBindingSuccess, request.transaction());
  answer.add_xor_mapped_address(from);
  return finish(answer, credentials.password);
}

void IceLite::note_check(const stun::Message& request, const base::SocketAddress& from, Generation generation, base::TimePoint now) {
  const stun::Attribute* const priority = request.find(stun::kPriority);
  const Address address{from, priority != nullptr && priority->value.size() == 4 ? stun::number32(priority->value) : 0, now};
  auto known = std::find_if(addresses_.begin(), addresses_.end(), [&](const Address& other) { return other.address == from; });
  if (known == addresses_.end() && addresses_.size() == kMaxAddresses) {
    known =
        std::min_element(addresses_.begin(), addresses_.end(), [](const Address& left, const Address& right) { return left.last_check < right.last_check; });
  }
  if (known == addresses_.end()) {
    addresses_.push_back(address);
  } else {
    *known = address;
  }
  if (selected_ && selected_->address == from) {
    selected_->last_check = now;
  }
  if (request.find(stun::kUseCandidate) != nullptr) {
    nominate(address, generation, now);
  }
}

/// Who nominates every pair ("aggressively", RFC 5245) means the one of highest priority.
void IceLite::nominate(const Address& address, Generation generation, base::TimePoint now) {
  const bool restarted = previous_ && generation == Generation::Present;
  if (!selected_ || restarted || address.priority >= selected_->priority || now - selected_->last_check > kSilent) {
    selected_ = address;
  }
  if (restarted) {
    previous_.reset();
  }
}

std::optional<base::SocketAddress> IceLite::selected() const noexcept { return selected_ ? std::optional(selected_->address) : std::nullopt; }

bool IceLite::is_checked(const base::SocketAddress& from) const noexcept {
  return std::any_of(addresses_.begin(), addresses_.end(), [&](const Address& address) { return address.address == from; });
}

std::optional<base::TimePoint> IceLite::last_check() const noexcept { return selected_ ? std::optional(selected_->last_check) : std::nullopt; }

bool IceLite::has_consent(base::TimePoint now) const noexcept { return selected_ && now - selected_->last_check < kConsent; }

}  // namespace callwright::rtp
