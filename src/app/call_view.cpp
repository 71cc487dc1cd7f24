#include "app/call_view.hpp"

#include "server/call_api/json.hpp"

namespace callwright::app {
namespace {

using server::call_api::Json;

std::string text_of(const Json& value) {
  if (const std::string* const text = value.string()) {
    return *text;
  }
  std::string out;
  server::call_api::append_json(out, value, server::call_api::MemberOrder::AsGiven);
  return out;
}

std::string member_text(const Json* object, std::string_view name) {
  const Json* const member = object == nullptr ? nullptr : object->find(name);
  return member == nullptr ? std::string{} : text_of(*member);
}

std::string summary_of(const CallMessage& message, const Json* data) {
  std::string line = message.event;
  if (data == nullptr) {
    return line;
  }
  if (data->object() == nullptr) {
    return line + "  " + text_of(*data);
  }
  for (const Json::Member& member : *data->object()) {
    line += "  " + member.name + "=" + text_of(member.value);
  }
  return line;
}

}  // namespace

CallParameter CallParameter::text(std::string name, std::string_view value) {
  CallParameter parameter{std::move(name), {}};
  server::call_api::append_json_string(parameter.value, value);
  return parameter;
}

base::Result<CallParameter> CallParameter::parse(std::string_view argument) {
  const std::size_t equals = argument.find('=');
  const bool json = equals != std::string_view::npos && equals > 0 && argument[equals - 1] == ':';
  const std::string name(argument.substr(0, equals == std::string_view::npos ? 0 : equals - (json ? 1 : 0)));
  if (name.empty()) {
    return base::Error(base::Errc::InvalidArgument, "\"" + std::string(argument) + "\" is not key=value or key:=json");
  }
  const std::string_view value = argument.substr(equals + 1);
  if (!json) {
    return text(name, value);
  }
  if (const auto parsed = server::call_api::parse_json(value, 32); !parsed) {
    return base::Error(base::Errc::InvalidArgument, "what follows \"" + name + ":=\" is not JSON: " + parsed.error().message());
  }
  return CallParameter{name, std::string(value)};
}

std::string make_request(std::string_view id, std::string_view method, const std::vector<CallParameter>& params) {
  using server::call_api::append_json_string;
  std::string text = R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":)";
  append_json_string(text, method);
  text += R"(,"params":{)";
  for (const auto& [name, value] : params) {
    text += text.back() == '{' ? "" : ",";
    append_json_string(text, name);
    text += ':';
    text += value;
  }
  return text + "}}";
}

std::string in_current_dialect(std::string_view url) { return std::string(url) + (url.find('?') == std::string_view::npos ? '?' : '&') + "dialect=current"; }

CallMessage read_message(std::string_view text) {
  CallMessage message;
  message.summary = text;
  const auto json = server::call_api::parse_json(text, 32);
  if (!json) {
    return message;
  }
  if (const Json* const error = json->find("error")) {
    message.kind = CallMessage::Kind::ErrorAnswer;
    message.summary = "error " + member_text(error, "code") + ": " + member_text(error, "message");
    return message;
  }
  const Json* const result = json->find("result");
  const Json* const body = result != nullptr ? result : json->find("params");
  message.kind = result != nullptr ? CallMessage::Kind::Answer : CallMessage::Kind::Notification;
  message.event = member_text(body, "event");
  const Json* const data = body == nullptr ? nullptr : body->find("data");
  message.call_id = data == nullptr || data->object() == nullptr ? std::string{} : member_text(data, "callid");
  message.summary = summary_of(message, data);
  if (message.kind == CallMessage::Kind::Answer) {
    message.summary += "  cmd_id=" + member_text(body, "cmd_id");
  }
  return message;
}

}  // namespace callwright::app
