#include "base/json.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace callwright::base {

namespace {

/// Receives the parts of a text from Boost.JSON's push parser and builds the value from them.
class Builder {
 public:
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;

  using Text = boost::json::string_view;
  using Status = boost::json::error_code;

  bool on_document_begin(Status&) { return true; }
  bool on_document_end(Status&) { return true; }
  bool on_object_begin(Status&) { return open(Json::Object{}); }
  bool on_object_end(std::size_t, Status&) { return close(); }
  bool on_array_begin(Status&) { return open(Json::Array{}); }
  bool on_array_end(std::size_t, Status&) { return close(); }
  bool on_key_part(Text part, std::size_t, Status&) { return collect(part); }
  bool on_key(Text rest, std::size_t, Status&) {
    collect(rest);
    key_ = std::exchange(text_, {});
    return true;
  }
  bool on_string_part(Text part, std::size_t, Status&) { return collect(part); }
  bool on_string(Text rest, std::size_t, Status&) {
    collect(rest);
    add(std::exchange(text_, {}));
    return true;
  }
  bool on_number_part(Text part, Status&) { return collect(part); }
  bool on_int64(std::int64_t, Text rest, Status&) { return number(rest); }
  bool on_uint64(std::uint64_t, Text rest, Status&) { return number(rest); }
  bool on_double(double, Text rest, Status&) { return number(rest); }
  bool on_bool(bool truth, Status&) {
    add(truth);
    return true;
  }
  bool on_null(Status&) {
    add(nullptr);
    return true;
  }
  bool on_comment_part(Text, Status&) { return true; }
  bool on_comment(Text, Status&) { return true; }

  Json take() { return std::move(root_); }

 private:
  bool collect(Text part) {
    text_.append(part.data(), part.size());
    return true;
  }

  bool number(Text rest) {
    collect(rest);
    add(Json::Number{std::exchange(text_, {})});
    return true;
  }

  bool open(Json::Value container) {
    open_.push_back(&add(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  Json& add(Json::Value value) {
    if (open_.empty()) {
      root_.value = std::move(value);
      return root_;
    }
    Json& parent = *open_.back();
    if (auto* object = std::get_if<Json::Object>(&parent.value)) {
      object->push_back({std::exchange(key_, {}), Json{std::move(value)}});
      return object->back().value;
    }
    auto& array = std::get<Json::Array>(parent.value);
    array.push_back(Json{std::move(value)});
    return array.back();
  }

  Json root_;
  /// A container does not grow while one inside it is open, so these stay valid.
  std::vector<Json*> open_;
  std::string key_;
  std::string text_;
};

constexpr char kHex[] = "0123456789abcdef";

void append_escape(std::string& out, unsigned code) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) {
    out += kHex[(code >> shift) & 15U];
  }
}

/// Length of the UTF-8 character that starts at `at`, or 0 when there is none (RFC 3629 §4).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) { return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U; };
  const auto tail = [&](std::size_t offset, unsigned low = 0x80, unsigned high = 0xBF) { return byte(offset) >= low && byte(offset) <= high; };
  const unsigned first = byte(0);
  if (first >= 0xC2 && first <= 0xDF) {
    return tail(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

void append_ascii(std::string& out, char character) {
  switch (character) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: append_escape(out, static_cast<unsigned char>(character));
  }
}

bool stands_for_itself(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte >= 0x20 && byte < 0x80 && character != '"' && character != '\\' && character != '<' && character != '>' && character != '&';
}

/// The character at `at`, which needs a closer look; gives its length.
std::size_t append_special(std::string& out, std::string_view text, std::size_t at) {
  if (static_cast<unsigned char>(text[at]) < 0x80) {
    append_ascii(out, text[at]);
    return 1;
  }
  const std::size_t length = utf8_length(text, at);
  if (length == 0) {
    out += "\\ufffd";
    return 1;
  }
  const std::string_view character = text.substr(at, length);
  if (character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9") {
    append_escape(out, character.back() == '\xA8' ? 0x2028 : 0x2029);
  } else {
    out += character;
  }
  return length;
}

/// The members that are written, in the order in which they are written.
std::vector<const Json::Member*> arrange(const Json::Object& object, MemberOrder order) {
  std::vector<const Json::Member*> members;
  members.reserve(object.size());
  for (const Json::Member& member : object) {
    members.push_back(&member);
  }
  if (order == MemberOrder::AsGiven) {
    return members;
  }
  std::stable_sort(members.begin(), members.end(), [](const auto* left, const auto* right) { return left->name < right->name; });
  const auto same_name = [](const auto* left, const auto* right) { return left->name == right->name; };
  // Seen from the back, the last of equals comes first, and that is the one that unique() keeps.
  const auto first = std::unique(members.rbegin(), members.rend(), same_name).base();
  members.erase(members.begin(), first);
  return members;
}

void append_object(std::string& out, const Json::Object& object, MemberOrder order) {
  char separator = '{';
  for (const Json::Member* member : arrange(object, order)) {
    out += separator;
    separator = ',';
    append_json_string(out, member->name);
    out += ':';
    append_json(out, member->value, order);
  }
  out += object.empty() ? "{}" : "}";
}

void append_array(std::string& out, const Json::Array& array, MemberOrder order) {
  char separator = '[';
  for (const Json& element : array) {
    out += separator;
    separator = ',';
    append_json(out, element, order);
  }
  out += array.empty() ? "[]" : "]";
}

char lower(char character) { return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character; }

template <class Matches>
const Json* find_last(const Json& json, Matches matches) {
  const Json::Object* members = json.object();
  if (members == nullptr) {
    return nullptr;
  }
  const auto found = std::find_if(members->rbegin(), members->rend(), matches);
  return found == members->rend() ? nullptr : &found->value;
}

}  // namespace

const Json* Json::find(std::string_view name) const noexcept {
  return find_last(*this, [name](const Member& member) { return member.name == name; });
}

const Json* Json::find_any_case(std::string_view name) const noexcept {
  return find_last(*this, [name](const Member& member) { return std::ranges::equal(member.name, name, {}, lower, lower); });
}

Result<Json> parse_json(std::string_view text, std::size_t max_depth) {
  boost::json::parse_options options;
  options.max_depth = max_depth;
  boost::json::basic_parser<Builder> parser(options);
  boost::json::error_code failure;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), failure);
  if (!failure && used < text.size()) {
    failure = boost::json::error::extra_data;
  }
  if (failure) {
    return Error(Errc::InvalidArgument, failure.message() + " at byte " + std::to_string(used));
  }
  return parser.handler().take();
}

void append_json(std::string& out, const Json& value, MemberOrder order) {
  if (const auto* text = value.string()) {
    append_json_string(out, *text);
  } else if (const auto* number = std::get_if<Json::Number>(&value.value)) {
    out += number->text;
  } else if (const auto* object = value.object()) {
    append_object(out, *object, order);
  } else if (const auto* array = value.array()) {
    append_array(out, *array, order);
  } else if (const auto* truth = std::get_if<bool>(&value.value)) {
    out += *truth ? "true" : "false";
  } else {
    out += "null";
  }
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    const auto* rest = text.data() + at;
    const auto plain = static_cast<std::size_t>(std::find_if_not(rest, text.data() + text.size(), stands_for_itself) - rest);
    out.append(text, at, plain);
    at += plain;
    if (at < text.size()) {
      at += append_special(out, text, at);
    }
  }
  out += '"';
}

}  // namespace callwright::base
