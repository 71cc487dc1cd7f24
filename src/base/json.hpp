#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace callwright::base {

/// A JSON value (RFC 8259). Numbers stay the text that the sender wrote, so that 12345678901234567890 and 1e3 come back unchanged.
class Json {
 public:
  struct Number {
    std::string text;
    friend bool operator==(const Number&, const Number&) = default;
  };
  struct Member;
  using Array = std::vector<Json>;
  /// In the order of the text; a name may occur more than once, then the last one counts.
  using Object = std::vector<Member>;
  using Value = std::variant<std::nullptr_t, bool, Number, std::string, Array, Object>;

  Value value;

  [[nodiscard]] const Object* object() const noexcept { return std::get_if<Object>(&value); }
  [[nodiscard]] const Array* array() const noexcept { return std::get_if<Array>(&value); }
  [[nodiscard]] const std::string* string() const noexcept { return std::get_if<std::string>(&value); }
  /// The member of that name (exact spelling), or nothing; also when this is no object.
  [[nodiscard]] const Json* find(std::string_view name) const noexcept;
  /// The same in any letter case (ASCII).
  [[nodiscard]] const Json* find_any_case(std::string_view name) const noexcept;
};

struct Json::Member {
  std::string name;
  Json value;
};

/// The whole of `text` must be one JSON value, nested `max_depth` deep at most. The error says what is wrong and at which byte.
Result<Json> parse_json(std::string_view text, std::size_t max_depth);

enum class MemberOrder {
  AsGiven,
  Sorted,  ///< By name, at every level; of members with the same name only the last is written.
};

/// Appends `value` without blanks.
void append_json(std::string& out, const Json& value, MemberOrder order);
/// Appends `text` in quotes. `<`, `>`, `&`, U+2028 and U+2029 are written as \u003c …, so that the result is safe inside HTML.
/// `text` is UTF-8; a byte that is not is written as U+FFFD, so that the result always is.
void append_json_string(std::string& out, std::string_view text);

}  // namespace callwright::base
