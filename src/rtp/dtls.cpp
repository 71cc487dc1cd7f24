#include "rtp/dtls.hpp"

#include "rtp/dtls_identity.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/srtp.h>

#include <algorithm>
#include <array>
#include <utility>

namespace callwright::rtp {
namespace {

using std::chrono::microseconds;

/// What OpenSSL reads from and writes to: one datagram in, any number out.
struct Wire {
  Bytes incoming;
  std::vector<Buffer>* outgoing = nullptr;
};

Wire& wire_of(BIO* bio) noexcept { return *static_cast<Wire*>(BIO_get_data(bio)); }

int write_datagram(BIO* bio, const char* data, int size) {
  const Wire& wire = wire_of(bio);
  if (wire.outgoing != nullptr && size > 0) {
    wire.outgoing->emplace_back(data, data + size);
  }
  return size;
}

int read_datagram(BIO* bio, char* data, int size) {
  Wire& wire = wire_of(bio);
  BIO_clear_retry_flags(bio);
  if (wire.incoming.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t length = std::min(wire.incoming.size(), static_cast<std::size_t>(size));
  std::copy_n(wire.incoming.begin(), length, data);
  wire.incoming = {};
  return static_cast<int>(length);
}

long control(BIO*, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU: return static_cast<long>(DtlsTransport::kMtu);
    default: return 0;
  }
}

int create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

std::unique_ptr<BIO_METHOD, FreeOpenSsl> make_method() {
  std::unique_ptr<BIO_METHOD, FreeOpenSsl> method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams"));
  if (method != nullptr) {
    BIO_meth_set_create(method.get(), create);
    BIO_meth_set_write(method.get(), write_datagram);
    BIO_meth_set_read(method.get(), read_datagram);
    BIO_meth_set_ctrl(method.get(), control);
  }
  return method;
}

const BIO_METHOD* method() {
  static const auto kMethod = make_method();
  return kMethod.get();
}

/// RFC 6347 §4.2.4.1 asks for a second; media waits for nothing else, so this begins sooner and doubles as usual.
unsigned next_timeout(SSL*, unsigned last) noexcept {
  constexpr unsigned kLongest = 2'000'000;
  return last == 0 ? static_cast<unsigned>(microseconds(DtlsTransport::kFirstTimeout).count()) : std::min(last * 2, kLongest);
}

std::optional<SrtpSuite> suite_of(const SRTP_PROTECTION_PROFILE* profile) noexcept {
  switch (profile == nullptr ? 0 : profile->id) {
    case SRTP_AES128_CM_SHA1_80: return SrtpSuite::AesCm128HmacSha1Tag80;
    case SRTP_AES128_CM_SHA1_32: return SrtpSuite::AesCm128HmacSha1Tag32;
    case SRTP_AEAD_AES_128_GCM: return SrtpSuite::AeadAes128Gcm;
    case SRTP_AEAD_AES_256_GCM: return SrtpSuite::AeadAes256Gcm;
    default: return std::nullopt;
  }
}

std::string reason_of_openssl() {
  const unsigned long code = ERR_peek_last_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "no reason given" : reason;
}

}  // namespace

struct DtlsTransport::Association {
  std::shared_ptr<const DtlsIdentity::Context> context;
  std::unique_ptr<SSL, FreeOpenSsl> ssl;
  Wire wire;
  DtlsRole role = DtlsRole::Passive;
  DtlsVerifier verifier;
  State state = State::New;
  DtlsKeys keys;
  std::string failure;

  base::Result<void> open();
  void drive(Bytes datagram, std::vector<Buffer>& out);
  void shake_hands();
  void read_records();
  void connect();
  void fail(std::string reason);
};

base::Result<void> DtlsTransport::Association::open() {
  ssl.reset(SSL_new(context->ssl.get()));
  BIO* const bio = method() == nullptr ? nullptr : BIO_new(method());
  if (ssl == nullptr || bio == nullptr) {
    BIO_free(bio);
    return base::Error(base::Errc::Io, "DTLS: OpenSSL has no memory for another association");
  }
  BIO_set_data(bio, &wire);
  SSL_set_bio(ssl.get(), bio, bio);
  SSL_set_app_data(ssl.get(), &verifier);
  SSL_set_mtu(ssl.get(), static_cast<long>(kMtu));
  DTLS_set_timer_cb(ssl.get(), next_timeout);
  role == DtlsRole::Active ? SSL_set_connect_state(ssl.get()) : SSL_set_accept_state(ssl.get());
  return base::ok();
}

void DtlsTransport::Association::drive(Bytes datagram, std::vector<Buffer>& out) {
  wire = {datagram, &out};
  ERR_clear_error();
  if (state == State::Handshake) {
    shake_hands();
  }
  if (state == State::Connected) {
    read_records();
  }
  ERR_clear_error();
  wire = {};
}

void DtlsTransport::Association::shake_hands() {
  const int done = SSL_do_handshake(ssl.get());
  if (done == 1) {
    return connect();
  }
  const int error = SSL_get_error(ssl.get(), done);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    return;
  }
  fail(verifier.matched ? fmt::format("The DTLS handshake failed: {}", reason_of_openssl())
                        : std::string("The certificate of the other side is not the one that its description names (a=fingerprint)"));
}

/// There is nothing to read but alerts and what the other side repeats, which OpenSSL answers.
void DtlsTransport::Association::read_records() {
  std::array<unsigned char, 2048> ignored;
  int size = 0;
  do {
    size = SSL_read(ssl.get(), ignored.data(), static_cast<int>(ignored.size()));
  } while (size > 0);
  const int error = SSL_get_error(ssl.get(), size);
  if (error == SSL_ERROR_ZERO_RETURN) {
    state = State::Closed;
  } else if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL) {
    fail(fmt::format("The DTLS association broke: {}", reason_of_openssl()));
  }
}

/// RFC 5764 §4.2: both keys, then both salts, the client's first.
void DtlsTransport::Association::connect() {
  const auto suite = suite_of(SSL_get_selected_srtp_profile(ssl.get()));
  if (!suite) {
    return fail("The other side chose no SRTP profile in its DTLS handshake; it has to offer AES_CM_128 or AEAD_AES");
  }
  const auto [key_size, salt_size] = key_sizes_of(*suite);
  constexpr std::string_view kLabel = "EXTRACTOR-dtls_srtp";
  std::array<unsigned char, 2 * SrtpKey::kMaxSize> material{};
  if (SSL_export_keying_material(ssl.get(), material.data(), 2 * (key_size + salt_size), kLabel.data(), kLabel.size(), nullptr, 0, 0) != 1) {
    return fail("OpenSSL gave no keys after the DTLS handshake");
  }
  std::array<SrtpKey, 2> sides;
  std::array<unsigned char, SrtpKey::kMaxSize> both{};
  for (std::size_t side = 0; side < 2; ++side) {
    std::copy_n(material.data() + side * key_size, key_size, both.data());
    std::copy_n(material.data() + 2 * key_size + side * salt_size, salt_size, both.data() + key_size);
    sides[side] = SrtpKey::make(*suite, std::span(both).first(key_size + salt_size)).value();
  }
  OPENSSL_cleanse(material.data(), material.size());
  OPENSSL_cleanse(both.data(), both.size());
  const std::size_t own = role == DtlsRole::Active ? 0 : 1;
  keys = {*suite, sides[own], sides[1 - own]};
  state = State::Connected;
}

void DtlsTransport::Association::fail(std::string reason) {
  state = State::Failed;
  failure = std::move(reason);
  keys = {};
}

DtlsTransport::DtlsTransport(std::unique_ptr<Association> association) noexcept : association_(std::move(association)) {}
DtlsTransport::DtlsTransport(DtlsTransport&&) noexcept = default;
DtlsTransport& DtlsTransport::operator=(DtlsTransport&&) noexcept = default;
DtlsTransport::~DtlsTransport() = default;

base::Result<DtlsTransport> DtlsTransport::make(const DtlsIdentity& identity, DtlsRole role, const Fingerprint& expected) {
  if (hash_of_fingerprint(expected.algorithm) == nullptr) {
    return base::Error(base::Errc::InvalidArgument, "a=fingerprint: the hash has to be sha-256, sha-384 or sha-512");
  }
  auto association = std::make_unique<Association>();
  association->context = identity.context_;
  association->role = role;
  association->verifier.expected = expected;
  if (auto opened = association->open(); !opened) {
    return opened.error();
  }
  return DtlsTransport(std::move(association));
}

void DtlsTransport::start(std::vector<Buffer>& out) {
  if (association_->state != State::New) {
    return;
  }
  association_->state = State::Handshake;
  if (association_->role == DtlsRole::Active) {
    association_->drive({}, out);
  }
}

void DtlsTransport::receive(Bytes datagram, std::vector<Buffer>& out) {
  const bool listens = association_->state == State::Handshake || association_->state == State::Connected;
  if (listens && !datagram.empty() && datagram.size() <= kMaxDatagram) {
    association_->drive(datagram, out);
  }
}

void DtlsTransport::handle_timeout(std::vector<Buffer>& out) {
  if (association_->state != State::Handshake) {
    return;
  }
  association_->wire = {{}, &out};
  ERR_clear_error();
  if (DTLSv1_handle_timeout(association_->ssl.get()) < 0) {
    association_->fail("The other side does not answer the DTLS handshake; check that its media address can be reached");
  }
  ERR_clear_error();
  association_->wire = {};
}

void DtlsTransport::close(std::vector<Buffer>& out) {
  if (association_->state == State::Connected) {
    association_->wire = {{}, &out};
    (void)SSL_shutdown(association_->ssl.get());
    ERR_clear_error();
    association_->wire = {};
  }
  association_->keys = {};
  association_->state = State::Closed;
}

std::optional<base::Duration> DtlsTransport::timeout() const noexcept {
  timeval left{};
  if (association_->state != State::Handshake || DTLSv1_get_timeout(association_->ssl.get(), &left) != 1) {
    return std::nullopt;
  }
  return std::chrono::seconds(left.tv_sec) + microseconds(left.tv_usec);
}

DtlsTransport::State DtlsTransport::state() const noexcept { return association_->state; }

const DtlsKeys* DtlsTransport::keys() const noexcept { return association_->state == State::Connected ? &association_->keys : nullptr; }

const std::string& DtlsTransport::failure() const noexcept { return association_->failure; }

}  // namespace callwright::rtp
