#pragma once

#include "server/jwt/jwk_set.hpp"
#include "server/watched_file.hpp"

#include <string>

namespace callwright::server {

/// Also refused: secrets (HS256) in a file that everybody on this machine may read.
base::Result<JwkSet> blocking_read_jwks(const std::string& path);

/// The keys of a file as it is now.
using JwkFile = WatchedFile<JwkSet>;
/// The error says what to do.
base::Result<JwkFile> blocking_open_jwks(std::string path);

}  // namespace callwright::server
