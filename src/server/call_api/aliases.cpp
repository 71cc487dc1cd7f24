#include "server/call_api/aliases.hpp"

namespace callwright::server::call_api {

namespace {

struct Alias {
  std::string_view older;
  std::string_view name;
};

constexpr Alias kMethodAliases[] = {{"CallUnHold", "CallUnhold"}};
constexpr Alias kParameterAliases[] = {{"callid_a", "callidA"}, {"leg_a", "legA"}, {"callid_b", "callidB"}, {"leg_b", "legB"}};

}  // namespace

std::string_view method_meant(std::string_view name) noexcept {
  for (const Alias& alias : kMethodAliases) {
    if (alias.older == name) {
      return alias.name;
    }
  }
  return name;
}

const Json* find_parameter(const Json& params, std::string_view name) noexcept {
  const Json* found = params.find(name);
  for (const Alias& alias : kParameterAliases) {
    if (found == nullptr && alias.name == name) {
      found = params.find(alias.older);
    }
  }
  return found;
}

}  // namespace callwright::server::call_api
