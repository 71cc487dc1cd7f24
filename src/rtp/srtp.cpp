#include "rtp/srtp.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace callwright::rtp {
namespace {

struct SuiteFacts {
  std::string_view name;
  SrtpKeySizes sizes;
  void (*set_rtp)(srtp_crypto_policy_t*);
  void (*set_rtcp)(srtp_crypto_policy_t*);
};

constexpr std::array<SuiteFacts, 6> kSuites{{
    {"AES_CM_128_HMAC_SHA1_80", {16, 14}, srtp_crypto_policy_set_rtp_default, srtp_crypto_policy_set_rtp_default},
    {"AES_CM_128_HMAC_SHA1_32", {16, 14}, srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32, srtp_crypto_policy_set_rtp_default},
    {"AES_256_CM_HMAC_SHA1_80", {32, 14}, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    {"AES_256_CM_HMAC_SHA1_32", {32, 14}, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    {"AEAD_AES_128_GCM", {16, 12}, srtp_crypto_policy_set_aes_gcm_128_16_auth, srtp_crypto_policy_set_aes_gcm_128_16_auth},
    {"AEAD_AES_256_GCM", {32, 12}, srtp_crypto_policy_set_aes_gcm_256_16_auth, srtp_crypto_policy_set_aes_gcm_256_16_auth},
}};

const SuiteFacts& facts_of(SrtpSuite suite) noexcept { return kSuites[static_cast<std::size_t>(suite)]; }

struct FreeSession {
  void operator()(srtp_ctx_t_* session) const noexcept { (void)srtp_dealloc(session); }
};
using SessionHandle = std::unique_ptr<srtp_ctx_t_, FreeSession>;

bool library_is_ready() noexcept {
  static const bool kReady = srtp_init() == srtp_err_status_ok;
  return kReady;
}

base::Result<SessionHandle> make_session(SrtpSuite suite, const SrtpKey& key, srtp_ssrc_type_t direction) {
  const SrtpKeySizes sizes = key_sizes_of(suite);
  if (key.bytes().size() != sizes.key + sizes.salt) {
    return base::Error(base::Errc::InvalidArgument, fmt::format("SRTP: the key of {} has {} bytes, with its salt", name_of(suite), sizes.key + sizes.salt));
  }
  srtp_policy_t policy{};
  facts_of(suite).set_rtp(&policy.rtp);
  facts_of(suite).set_rtcp(&policy.rtcp);
  policy.ssrc.type = direction;
  policy.key = const_cast<unsigned char*>(key.bytes().data());  // libsrtp only reads it.
  policy.window_size = 128;
  srtp_t session = nullptr;
  if (!library_is_ready() || srtp_create(&session, &policy) != srtp_err_status_ok) {
    return base::Error(base::Errc::Unsupported,
                       fmt::format("SRTP: libsrtp2 on this machine does not offer {}; use Debian's build or another suite", name_of(suite)));
  }
  return SessionHandle(session);
}

SrtpResult result_of(srtp_err_status_t status) noexcept {
  switch (status) {
    case srtp_err_status_ok: return SrtpResult::Ok;
    case srtp_err_status_auth_fail:
    case srtp_err_status_cipher_fail: return SrtpResult::Unauthentic;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old: return SrtpResult::Replayed;
    case srtp_err_status_bad_param:
    case srtp_err_status_parse_err: return SrtpResult::Malformed;
    default: return SrtpResult::Failed;
  }
}

using Transform = srtp_err_status_t (*)(srtp_t, void*, int*);

SrtpResult transform(Transform function, const SessionHandle& session, Buffer& packet, std::size_t length) {
  int size = static_cast<int>(length);
  const SrtpResult result = result_of(function(session.get(), packet.data(), &size));
  packet.resize(result == SrtpResult::Ok ? static_cast<std::size_t>(size) : 0);
  return result;
}

SrtpResult protect(Transform function, const SessionHandle& session, Buffer& packet, std::size_t least) {
  const std::size_t length = packet.size();
  if (length < least || length > 0xffff) {
    return SrtpResult::Malformed;
  }
  packet.resize(length + SRTP_MAX_TRAILER_LEN + sizeof(std::uint32_t));
  return transform(function, session, packet, length);
}

constexpr std::size_t kRtcpHeader = 8;

/// Four bytes as they lie there.
std::uint32_t raw32(Bytes bytes, std::size_t at) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

}  // namespace

void blocking_prepare_srtp() noexcept { (void)library_is_ready(); }

std::string_view name_of(SrtpSuite suite) noexcept { return facts_of(suite).name; }

SrtpKeySizes key_sizes_of(SrtpSuite suite) noexcept { return facts_of(suite).sizes; }

SrtpKey::~SrtpKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

base::Result<SrtpKey> SrtpKey::make(SrtpSuite suite, std::span<const std::uint8_t> key_and_salt) {
  const SrtpKeySizes sizes = key_sizes_of(suite);
  if (key_and_salt.size() != sizes.key + sizes.salt) {
    return base::Error(base::Errc::InvalidArgument, fmt::format("SRTP: the key of {} has {} bytes, with its salt; this one has {}", name_of(suite),
                                                                sizes.key + sizes.salt, key_and_salt.size()));
  }
  SrtpKey key;
  std::copy(key_and_salt.begin(), key_and_salt.end(), key.bytes_.begin());
  key.size_ = key_and_salt.size();
  return key;
}

struct SrtpSession::Contexts {
  SessionHandle sending;
  SessionHandle receiving;
  std::vector<std::uint32_t> sources;  ///< That were authenticated; nearly always one.

  /// libsrtp keeps state for every SSRC that somebody with the key makes up.
  bool admit(std::uint32_t ssrc) {  // In network byte order, as libsrtp has it.
    if (std::find(sources.begin(), sources.end(), ssrc) != sources.end()) {
      return true;
    }
    if (sources.size() == kMaxSources) {
      (void)srtp_remove_stream(receiving.get(), ssrc);
      return false;
    }
    sources.push_back(ssrc);
    return true;
  }
};

SrtpSession::SrtpSession(std::unique_ptr<Contexts> contexts) noexcept : contexts_(std::move(contexts)) {}
SrtpSession::SrtpSession(SrtpSession&&) noexcept = default;
SrtpSession& SrtpSession::operator=(SrtpSession&&) noexcept = default;
SrtpSession::~SrtpSession() = default;

base::Result<SrtpSession> SrtpSession::make(SrtpSuite suite, const SrtpKey& sending, const SrtpKey& receiving) {
  auto outbound = make_session(suite, sending, ssrc_any_outbound);
  if (!outbound) {
    return outbound.error();
  }
  auto inbound = make_session(suite, receiving, ssrc_any_inbound);
  if (!inbound) {
    return inbound.error();
  }
  return SrtpSession(std::make_unique<Contexts>(Contexts{std::move(*outbound), std::move(*inbound), {}}));
}

base::Result<void> SrtpSession::send_with(SrtpSuite suite, const SrtpKey& key) {
  auto outbound = make_session(suite, key, ssrc_any_outbound);
  if (!outbound) {
    return outbound.error();
  }
  contexts_->sending = std::move(*outbound);
  return base::ok();
}

base::Result<void> SrtpSession::receive_with(SrtpSuite suite, const SrtpKey& key) {
  auto inbound = make_session(suite, key, ssrc_any_inbound);
  if (!inbound) {
    return inbound.error();
  }
  contexts_->receiving = std::move(*inbound);
  contexts_->sources.clear();
  return base::ok();
}

SrtpResult SrtpSession::protect_rtp(Buffer& packet) { return protect(srtp_protect, contexts_->sending, packet, Packet::kFixedHeaderSize); }

SrtpResult SrtpSession::protect_rtcp(Buffer& packet) { return protect(srtp_protect_rtcp, contexts_->sending, packet, kRtcpHeader); }

SrtpResult SrtpSession::unprotect_rtp(Buffer& packet) {
  // libsrtp trusts the header to be one; ours checks each length.
  if (packet.size() > 0xffff || !Packet::parse(packet)) {
    return SrtpResult::Malformed;
  }
  const std::uint32_t ssrc = raw32(packet, 8);
  const SrtpResult result = transform(srtp_unprotect, contexts_->receiving, packet, packet.size());
  return result == SrtpResult::Ok && !contexts_->admit(ssrc) ? SrtpResult::Failed : result;
}

SrtpResult SrtpSession::unprotect_rtcp(Buffer& packet) {
  if (packet.size() < kRtcpHeader || packet.size() > 0xffff) {
    return SrtpResult::Malformed;
  }
  const std::uint32_t ssrc = raw32(packet, 4);
  const SrtpResult result = transform(srtp_unprotect_rtcp, contexts_->receiving, packet, packet.size());
  return result == SrtpResult::Ok && !contexts_->admit(ssrc) ? SrtpResult::Failed : result;
}

}  // namespace callwright::rtp
