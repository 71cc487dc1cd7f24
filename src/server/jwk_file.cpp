#include "server/jwk_file.hpp"

#include <utility>

namespace callwright::server {

base::Result<JwkSet> blocking_read_jwks(const std::string& path) {
  const auto read = blocking_read_guarded(path, "file of keys");
  if (!read) {
    return read.error();
  }
  auto keys = JwkSet::parse(read->text, path);
  if (keys && keys->has_secrets() && (read->status.st_mode & S_IROTH) != 0) {
    return base::Error(base::Errc::InvalidArgument, path + ": it has a secret (HS256), and everybody on this machine may read it; chmod 600 " + path);
  }
  return keys;
}

base::Result<JwkFile> blocking_open_jwks(std::string path) { return JwkFile::blocking_open(std::move(path), "keys of tokens", &blocking_read_jwks); }

}  // namespace callwright::server
