#include "server/scopes.hpp"

#include <algorithm>
#include <array>

namespace callwright::server {
namespace {

struct Name {
  Scope scope;
  std::string_view text;
};
constexpr std::array kNames = {Name{Scope::CallRead, "call:read"}, Name{Scope::CallControl, "call:control"}, Name{Scope::Admin, "admin"}};

}  // namespace

std::string_view to_string(Scope scope) noexcept { return kNames[static_cast<std::size_t>(scope)].text; }

std::optional<Scope> find_scope(std::string_view name) noexcept {
  const auto* const found = std::find_if(kNames.begin(), kNames.end(), [name](const Name& known) { return known.text == name; });
  return found == kNames.end() ? std::nullopt : std::optional(found->scope);
}

std::string names_of_scopes() {
  std::string names;
  for (const Name& name : kNames) {
    names.append(names.empty() ? "" : ", ").append(name.text);
  }
  return names;
}

std::optional<Scopes> Scopes::parse(std::string_view list) {
  Scopes scopes;
  while (true) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const auto scope = find_scope(list.substr(0, comma));
    if (!scope) {
      return std::nullopt;
    }
    scopes = scopes.with(*scope);
    if (comma == list.size()) {
      return scopes;
    }
    list.remove_prefix(comma + 1);
  }
}

bool Scopes::allow(Scope scope) const noexcept {
  const unsigned sufficient = bit(scope) | bit(Scope::Admin) | (scope == Scope::CallRead ? bit(Scope::CallControl) : 0U);
  return (granted_ & sufficient) != 0;
}

std::string Scopes::to_string() const {
  std::string list;
  for (const Name& name : kNames) {
    if ((granted_ & bit(name.scope)) != 0) {
      list.append(list.empty() ? "" : ",").append(name.text);
    }
  }
  return list;
}

}  // namespace callwright::server
