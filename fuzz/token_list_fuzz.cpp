// Any bytes as a token file: what is written from the tokens that were read is read as the same, and a token that is taken out is gone alone.
#include "require.hpp"
#include "server/query.hpp"
#include "server/token_list.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace callwright::server;

namespace {

bool same(const Token& left, const Token& right) { return left.name == right.name && left.scopes == right.scopes && left.hash == right.hash; }

void check_removal(std::string_view text, const TokenList& list, const Token& removed) {
  const auto rest = TokenList::parse(without_token(text, removed.name), "rest");
  require(rest.has_value() && rest->tokens().size() + 1 == list.tokens().size());
  for (const Token& token : list.tokens()) {
    const Token* const still = rest->named(token.name);
    require(&token == &removed ? still == nullptr : still != nullptr && same(*still, token));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string masked = without_token_values(text);
  require(without_token_values(masked) == masked);
  const auto shown = query_value(masked, "token");
  require(!shown || shown->empty() || *shown == "***" || masked.find('?') != std::string::npos);
  const auto list = TokenList::parse(text, "file");
  if (!list || list->tokens().empty()) return 0;
  std::string written;
  for (const Token& token : list->tokens()) {
    written += line_of(token);
  }
  const auto again = TokenList::parse(written, "written");
  require(again.has_value() && again->tokens().size() == list->tokens().size());
  for (std::size_t index = 0; index < list->tokens().size(); ++index) {
    require(same(list->tokens()[index], again->tokens()[index]));
  }
  check_removal(text, *list, list->tokens()[size % list->tokens().size()]);
  return 0;
}
