#pragma once

#include "base/result.hpp"
#include "net/socket_stream.hpp"
#include "net/tls_identity.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::net {

/// Paths of PEM files.
struct TlsCertificate {
  std::string chain_file;  ///< The certificate first, then those that signed it.
  std::string key_file;
};

enum class ClientCertificates { Ignored, Optional, Required };
enum class ServerVerification { On, Off };

struct TlsSettings {
  /// Of our listeners: the one that a client asks for by name (SNI), else the first, which is shown to servers that ask for ours, too.
  std::vector<TlsCertificate> certificates;
  ClientCertificates client_certificates = ClientCertificates::Ignored;
  std::string client_ca_file;                                  ///< Who may sign them; "": the system's authorities.
  ServerVerification verify_servers = ServerVerification::On;  ///< Of the connections that we make.
  std::vector<std::string> unverified_servers;                 ///< Names of servers that are not verified all the same.
  std::string ca_file;                                         ///< Who may sign servers' certificates; "": the system's authorities.
};

/// How a handshake goes; kept by each connection for as long as it lasts, so that new certificates do not touch open connections. TLS 1.2 or newer.
class TlsServer {
 public:
  /// Reads the files. The error names the file, what is wrong with it and what to do.
  static base::Result<std::shared_ptr<const TlsServer>> create(const TlsSettings& settings);
  ~TlsServer();

  [[nodiscard]] boost::asio::ssl::context& context() const noexcept;

 private:
  struct Entries;
  explicit TlsServer(std::unique_ptr<Entries> entries);
  std::unique_ptr<Entries> entries_;
};

class TlsClient {
 public:
  static base::Result<std::shared_ptr<const TlsClient>> create(const TlsSettings& settings);

  [[nodiscard]] boost::asio::ssl::context& context() const noexcept { return context_; }
  /// Whether the certificate of this server has to be its own and signed by an authority.
  [[nodiscard]] bool verifies(std::string_view server_name) const;

 private:
  explicit TlsClient(const TlsSettings& settings);
  mutable boost::asio::ssl::context context_;
  ServerVerification verify_;
  std::vector<std::string> unverified_;
};

/// Before a client's handshake: the name that the server shall show a certificate for goes along (SNI), and is verified if `client` says so.
void prepare_handshake(SocketStream::Tls& stream, const TlsClient& client, std::string_view server_name);
/// Why a handshake failed, for people.
[[nodiscard]] std::string handshake_problem(SocketStream::Tls& stream, const boost::system::error_code& failure);
/// After a handshake: the names in the peer's certificate; none when it showed no certificate.
[[nodiscard]] CertificateNames peer_names(SocketStream::Tls& stream);

}  // namespace callwright::net
