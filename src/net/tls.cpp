#include "net/tls.hpp"

#include "base/socket_address.hpp"
#include "sip/fields.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <boost/asio/ssl/error.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace callwright::net {
namespace {

namespace ssl = boost::asio::ssl;
using base::Errc;
using base::Error;
using base::Result;
using boost::system::error_code;

struct FreeX509 {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct FreeNames {
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

std::string text_of(const ASN1_STRING* value) {
  const auto* const data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(value));
  return {data, static_cast<std::size_t>(ASN1_STRING_length(value))};
}

std::string address_of(const ASN1_OCTET_STRING* value) {
  const std::string bytes = text_of(value);
  if (bytes.size() == 4) {
    std::array<std::uint8_t, 4> v4{};
    std::copy(bytes.begin(), bytes.end(), v4.begin());
    return base::IpAddress::v4(v4).to_string();
  }
  if (bytes.size() == 16) {
    std::array<std::uint8_t, 16> v6{};
    std::copy(bytes.begin(), bytes.end(), v6.begin());
    return base::IpAddress::v6(v6).to_string();
  }
  return {};
}

void read_alternative_names(CertificateNames& names, const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, FreeNames> all(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  names.has_alternative_names = all != nullptr;
  for (int index = 0; all != nullptr && index < sk_GENERAL_NAME_num(all.get()); ++index) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(all.get(), index);
    switch (name->type) {
      case GEN_URI: names.uris.push_back(text_of(name->d.uniformResourceIdentifier)); break;
      case GEN_DNS: names.dns.push_back(text_of(name->d.dNSName)); break;
      case GEN_IPADD: names.addresses.push_back(address_of(name->d.iPAddress)); break;
      default: break;
    }
  }
}

CertificateNames names_of(const X509* certificate) {
  CertificateNames names;
  read_alternative_names(names, certificate);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  if (const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); at >= 0) {
    names.common_name = text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  }
  return names;
}

Error file_error(std::string_view what, const std::string& file, const error_code& failure, std::string_view remedy) {
  ERR_clear_error();
  return {failure, "TLS: cannot use the " + std::string(what) + " " + file + ": " + failure.message() + ". " + std::string(remedy)};
}

void harden(ssl::context& context) {
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // A connection that waits for bytes keeps no buffers: thousands of phones do just that.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
}

Result<void> use_certificate(ssl::context& context, const TlsCertificate& certificate) {
  error_code failure;
  context.use_certificate_chain_file(certificate.chain_file, failure);
  if (failure) {
    return file_error("certificate chain", certificate.chain_file, failure, "It has to be a readable PEM file, the server's certificate first.");
  }
  context.use_private_key_file(certificate.key_file, ssl::context::pem, failure);
  if (failure) {
    return file_error("private key", certificate.key_file, failure,
                      "It has to be a readable PEM file without a passphrase, and the key of the certificate " + certificate.chain_file + ".");
  }
  return base::ok();
}

Result<void> use_authorities(ssl::context& context, const std::string& ca_file) {
  error_code failure;
  if (ca_file.empty()) {
    context.set_default_verify_paths(failure);
    return failure ? Result<void>(file_error("authorities", "of the system", failure, "Install the package ca-certificates, or name a CA file.")) : base::ok();
  }
  context.load_verify_file(ca_file, failure);
  if (failure) {
    return file_error("CA file", ca_file, failure, "It has to be a readable PEM file with the certificates of the authorities.");
  }
  return base::ok();
}

int verify_mode(ClientCertificates wanted) {
  switch (wanted) {
    case ClientCertificates::Ignored: return SSL_VERIFY_NONE;
    case ClientCertificates::Optional: return SSL_VERIFY_PEER;
    case ClientCertificates::Required: return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  return SSL_VERIFY_NONE;
}

}  // namespace

struct TlsServer::Entries {
  struct Entry {
    std::unique_ptr<ssl::context> context;
    CertificateNames names;
  };
  std::vector<Entry> list;

  /// OpenSSL asks which certificate a client that named its server is to be shown.
  static int on_server_name(SSL* native, int* /*alert*/, void* self) noexcept {
    const char* const name = SSL_get_servername(native, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) {
      return SSL_TLSEXT_ERR_NOACK;
    }
    const auto& list = static_cast<const Entries*>(self)->list;
    for (const Entry& entry : list) {
      const auto& dns = entry.names.dns;
      const bool named = std::any_of(dns.begin(), dns.end(), [name](const std::string& own) { return sip::equals_ignoring_case(own, name); });
      if (named || X509_check_host(SSL_CTX_get0_certificate(entry.context->native_handle()), name, 0, 0, nullptr) == 1) {
        SSL_set_SSL_CTX(native, entry.context->native_handle());
        return SSL_TLSEXT_ERR_OK;
      }
    }
    return SSL_TLSEXT_ERR_NOACK;  // The first certificate.
  }
};

TlsServer::TlsServer(std::unique_ptr<Entries> entries) : entries_(std::move(entries)) {}

TlsServer::~TlsServer() = default;

ssl::context& TlsServer::context() const noexcept { return *entries_->list.front().context; }

Result<std::shared_ptr<const TlsServer>> TlsServer::create(const TlsSettings& settings) {
  if (settings.certificates.empty()) {
    return Error(Errc::InvalidArgument, "TLS: a listener for TLS or WSS needs a certificate. Configure a [[certificates]] table with chain and key.");
  }
  auto entries = std::make_unique<Entries>();
  for (const TlsCertificate& certificate : settings.certificates) {
    auto& entry = entries->list.emplace_back();
    entry.context = std::make_unique<ssl::context>(ssl::context::tls_server);
    harden(*entry.context);
    if (const auto used = use_certificate(*entry.context, certificate); !used) {
      return used.error();
    }
    SSL_CTX* const native = entry.context->native_handle();
    entry.names = names_of(SSL_CTX_get0_certificate(native));
    SSL_CTX_set_verify(native, verify_mode(settings.client_certificates), nullptr);
    constexpr std::string_view kSessions = "callwright-sip";
    SSL_CTX_set_session_id_context(native, reinterpret_cast<const unsigned char*>(kSessions.data()), kSessions.size());
    if (settings.client_certificates != ClientCertificates::Ignored) {
      if (const auto used = use_authorities(*entry.context, settings.client_ca_file); !used) {
        return used.error();
      }
    }
    SSL_CTX_set_tlsext_servername_callback(native, &Entries::on_server_name);
    SSL_CTX_set_tlsext_servername_arg(native, entries.get());
  }
  return std::shared_ptr<const TlsServer>(new TlsServer(std::move(entries)));
}

TlsClient::TlsClient(const TlsSettings& settings)
    : context_(ssl::context::tls_client), verify_(settings.verify_servers), unverified_(settings.unverified_servers) {}

Result<std::shared_ptr<const TlsClient>> TlsClient::create(const TlsSettings& settings) {
  std::shared_ptr<TlsClient> client(new TlsClient(settings));
  harden(client->context_);
  if (const auto used = use_authorities(client->context_, settings.ca_file); !used) {
    return used.error();
  }
  if (!settings.certificates.empty()) {
    if (const auto used = use_certificate(client->context_, settings.certificates.front()); !used) {
      return used.error();
    }
  }
  return std::shared_ptr<const TlsClient>(std::move(client));
}

bool TlsClient::verifies(std::string_view server_name) const {
  return verify_ == ServerVerification::On &&
         std::none_of(unverified_.begin(), unverified_.end(), [&](const std::string& name) { return sip::equals_ignoring_case(name, server_name); });
}

void prepare_handshake(SocketStream::Tls& stream, const TlsClient& client, std::string_view server_name) {
  SSL* const native = stream.native_handle();
  // RFC 6066 §3: an address is no server name.
  if (!base::IpAddress::parse(server_name)) {
    SSL_set_tlsext_host_name(native, std::string(server_name).c_str());
  }
  SSL_set_verify(native, client.verifies(server_name) ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
}

std::string handshake_problem(SocketStream::Tls& stream, const error_code& failure) {
  const long verified = SSL_get_verify_result(stream.native_handle());
  if (verified != X509_V_OK) {
    return std::string("its certificate is not accepted: ") + X509_verify_cert_error_string(verified);
  }
  if (failure == ssl::error::stream_truncated || failure == boost::asio::error::eof || failure == boost::asio::error::connection_reset) {
    return "the peer closed the connection";
  }
  return failure.message();
}

CertificateNames peer_names(SocketStream::Tls& stream) {
  const std::unique_ptr<X509, FreeX509> certificate(SSL_get1_peer_certificate(stream.native_handle()));
  return certificate == nullptr ? CertificateNames{} : names_of(certificate.get());
}

}  // namespace callwright::net
