#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "server/scopes.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// The bearer tokens of the Call API as a text that people read and edit. Pure.
namespace callwright::server {

struct Token {
  std::string name;  ///< Who has it; for lists and logs.
  Scopes scopes;
  std::string hash;  ///< `hash_of_secret` of what the client shows.
};

inline constexpr std::size_t kMaxTokenName = 64;

/// 1 to `kMaxTokenName` of A-Z a-z 0-9 . _ -
[[nodiscard]] bool is_token_name(std::string_view name) noexcept;
/// 256 random bits as "cw_" and 64 hexadecimal digits. `random` must be fit for secrets.
[[nodiscard]] std::string make_secret(base::Random& random);
/// SHA-256 in 64 lower-case hexadecimal digits. One round is enough: nobody guesses 256 random bits.
[[nodiscard]] std::string hash_of_secret(std::string_view secret);
/// The token as a line of the file, with its line end.
[[nodiscard]] std::string line_of(const Token& token);
/// The same text without the lines of this token; comments stay.
[[nodiscard]] std::string without_token(std::string_view text, std::string_view name);

/// The tokens of one file.
class TokenList {
 public:
  /// A line each: name, scopes with commas between them, "sha256:" and the hash; blanks between these. Empty lines and those that begin with '#' count for
  /// nothing. The error names `file` and the line.
  static base::Result<TokenList> parse(std::string_view text, std::string_view file);

  /// The token of which this is the secret, or null. Takes the same time wherever the token stands and however much of a hash is right.
  [[nodiscard]] const Token* find(std::string_view secret) const;
  /// Null when there is none of this name.
  [[nodiscard]] const Token* named(std::string_view name) const noexcept;
  [[nodiscard]] const std::vector<Token>& tokens() const noexcept { return tokens_; }

 private:
  std::vector<Token> tokens_;
};

}  // namespace callwright::server
