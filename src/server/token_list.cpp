#include "server/token_list.hpp"

#include "sip/digest_hash.hpp"

#include <algorithm>

namespace callwright::server {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kHashKind = "sha256:";
constexpr std::size_t kHashDigits = 64;

/// Takes a line off the text.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// Takes a word off the line; "" at its end.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

bool is_hash(std::string_view text) { return text.size() == kHashDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

/// The token of a line that is no comment. The error never repeats the line: somebody may have put a secret there.
Result<Token> token_of(std::string_view line) {
  const std::string_view name = next_word(line);
  const auto scopes = Scopes::parse(next_word(line));
  std::string_view hash = next_word(line);
  const bool hashed = hash.starts_with(kHashKind);
  hash.remove_prefix(hashed ? kHashKind.size() : 0);
  if (!is_token_name(name)) {
    return Error(Errc::InvalidArgument,
                 "a name has 1 to " + std::to_string(kMaxTokenName) + " letters, digits, '.', '_' and '-', and scopes and hash come after it");
  }
  if (!scopes) {
    return Error(Errc::InvalidArgument, "after the name come the scopes, with commas between them and no blanks: " + names_of_scopes());
  }
  if (!hashed || !is_hash(hash) || !next_word(line).empty()) {
    return Error(Errc::InvalidArgument, "after the scopes comes sha256: and the hash of the token, 64 digits of 0-9 and a-f, and nothing else");
  }
  return Token{std::string(name), *scopes, std::string(hash)};
}

}  // namespace

bool is_token_name(std::string_view name) noexcept {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= kMaxTokenName && name.find_first_not_of(kLetters) == std::string_view::npos;
}

std::string make_secret(base::Random& random) {
  constexpr char kDigits[] = "0123456789abcdef";
  constexpr int kWords = 4;
  std::string secret = "cw_";
  for (int word = 0; word < kWords; ++word) {
    std::uint64_t bits = random.next();
    for (std::size_t digit = 0; digit < 2 * sizeof bits; ++digit) {
      secret += kDigits[bits & 15U];
      bits >>= 4U;
    }
  }
  return secret;
}

std::string hash_of_secret(std::string_view secret) { return std::string(sip::hash_of_parts(sip::DigestAlgorithm::Sha256, {secret}).view()); }

std::string line_of(const Token& token) { return token.name + " " + token.scopes.to_string() + " " + std::string(kHashKind) + token.hash + "\n"; }

std::string without_token(std::string_view text, std::string_view name) {
  std::string rest;
  while (!text.empty()) {
    const std::string_view all = text;
    std::string_view line = next_line(text);
    if (next_word(line) != name) {
      rest += all.substr(0, all.size() - text.size());
    }
  }
  return rest;
}

Result<TokenList> TokenList::parse(std::string_view text, std::string_view file) {
  TokenList list;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = next_line(text);
    std::string_view rest = line;
    const std::string_view first = next_word(rest);
    if (first.empty() || first.starts_with('#')) {
      continue;
    }
    const auto wrong = [&](const std::string& what) { return Error(Errc::InvalidArgument, std::string(file) + ":" + std::to_string(number) + ": " + what); };
    auto token = token_of(line);
    if (!token) {
      return wrong(token.error().message());
    }
    if (list.named(token->name) != nullptr) {
      return wrong("there is a token \"" + token->name + "\" already; a name stands for one token");
    }
    list.tokens_.push_back(std::move(*token));
  }
  return list;
}

const Token* TokenList::find(std::string_view secret) const {
  const std::string hash = hash_of_secret(secret);
  const Token* found = nullptr;
  for (const Token& token : tokens_) {
    if (sip::equal_in_constant_time(token.hash, hash)) {
      found = &token;
    }
  }
  return found;
}

const Token* TokenList::named(std::string_view name) const noexcept {
  const auto found = std::find_if(tokens_.begin(), tokens_.end(), [name](const Token& token) { return token.name == name; });
  return found == tokens_.end() ? nullptr : &*found;
}

}  // namespace callwright::server
