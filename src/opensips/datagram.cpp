#include "opensips/datagram.hpp"

#include "base/json_values.hpp"

#include <charconv>

namespace callwright::opensips {

using base::Json;

namespace {

constexpr std::size_t kMaxDepth = 16;
/// A text from the proxy ends up in an error message and in the log.
constexpr std::size_t kMaxMessage = 256;

int number_of(const Json* value) noexcept {
  const std::string_view text = text_of(value);
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

MiAnswer read_answer(const Json& root) {
  MiAnswer answer{.id = std::string(text_of(root.find("id"))), .failed = false, .result = {}, .code = 0, .message = {}};
  if (const Json* const error = root.find("error"); error != nullptr && error->object() != nullptr) {
    answer.failed = true;
    answer.code = number_of(error->find("code"));
    answer.message = text_of(error->find("message")).substr(0, kMaxMessage);
  } else if (const Json* const result = root.find("result")) {
    answer.result = *result;
  }
  return answer;
}

}  // namespace

std::string_view text_of(const Json* value) noexcept {
  if (value == nullptr) {
    return {};
  }
  if (const auto* const number = std::get_if<Json::Number>(&value->value)) {
    return number->text;
  }
  const std::string* const text = value->string();
  return text == nullptr ? std::string_view{} : std::string_view(*text);
}

std::string_view ProxyEvent::text(std::string_view parameter_name) const noexcept { return text_of(params.find(parameter_name)); }

std::variant<Unreadable, MiAnswer, ProxyEvent> read_datagram(std::string_view bytes) {
  if (bytes.size() > kMaxDatagram) {
    return Unreadable{"longer than any datagram"};
  }
  const auto root = base::parse_json(bytes, kMaxDepth);
  if (!root) {
    return Unreadable{root.error().message()};
  }
  const Json* const method = root->find("method");
  if (method != nullptr && method->string() != nullptr) {
    const Json* const params = root->find("params");
    return ProxyEvent{*method->string(), params == nullptr ? Json{} : *params};
  }
  if (root->find("id") == nullptr || (root->find("result") == nullptr && root->find("error") == nullptr)) {
    return Unreadable{"neither an answer nor an event"};
  }
  return read_answer(*root);
}

std::string write_request(std::string_view id, std::string_view method, const Json::Object& params) {
  const Json request{Json::Object{parameter("jsonrpc", "2.0"), parameter("id", id), parameter("method", method), {"params", Json{params}}}};
  std::string text;
  base::append_json(text, request, base::MemberOrder::AsGiven);
  return text;
}

Json::Member parameter(std::string_view name, std::string_view text) { return {std::string(name), base::json_text(text)}; }

}  // namespace callwright::opensips
