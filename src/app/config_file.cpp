#include "app/config.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace callwright::app {

using base::Errc;
using base::Error;
using base::Result;

Result<ConfigFile> find_config_file(const std::string& path) {
  std::vector<std::string> candidates{path};
  if (path.empty()) {
    candidates = {"callwright.toml", "/etc/callwright/callwright.toml"};
  }
  for (const std::string& candidate : candidates) {
    std::ifstream stream(candidate, std::ios::binary);
    if (stream && !std::filesystem::is_directory(candidate)) {
      return ConfigFile{candidate, std::string(std::istreambuf_iterator<char>(stream), {})};
    }
  }
  if (!path.empty()) {
    return Error(Errc::NotFound, path + ": cannot be read; check the path and its permissions");
  }
  return ConfigFile{"callwright.toml", {}};
}

}  // namespace callwright::app
