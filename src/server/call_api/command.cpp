#include "server/call_api/command.hpp"

#include "server/call_api/aliases.hpp"
#include "sip/uri.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace callwright::server::call_api {

namespace {

RpcError bad_params(std::string message) { return {RpcCode::InvalidParams, std::move(message)}; }

/// A value or why there is none.
using Text = std::variant<std::string, RpcError>;

bool is_control(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7F;
}

bool is_unsafe(char character) { return is_control(character) || character == '<' || character == '>'; }

/// RFC 3261 §25.1 `word` without '<' and '>', which no sane Call-ID has and which would end a URI.
bool is_word(char character) {
  const auto byte = static_cast<unsigned char>(character);
  const auto letter = static_cast<unsigned char>(byte | 0x20U);
  return (byte >= '0' && byte <= '9') || (letter >= 'a' && letter <= 'z') ||
         std::string_view("-.!%*_+`'~():\\\"/[]?{}").find(character) != std::string_view::npos;
}

/// RFC 3261 §25.1: callid = word [ "@" word ]
bool is_call_id(std::string_view text) {
  const std::size_t at = text.find('@');
  const auto is_part = [](std::string_view part) { return !part.empty() && std::all_of(part.begin(), part.end(), is_word); };
  return at == std::string_view::npos ? is_part(text) : is_part(text.substr(0, at)) && is_part(text.substr(at + 1));
}

/// The string parameter of that name, which must be there.
Text required(const Json& params, const std::string& name) {
  const Json* member = find_parameter(params, name);
  if (member == nullptr) {
    return RpcError{RpcCode::InvalidParams, name + " not specified", RpcError::Detail::MissingParameter};
  }
  if (member->string() == nullptr) {
    return RpcError{RpcCode::InvalidParams, name + " must be a string", RpcError::Detail::NoString};
  }
  return *member->string();
}

/// The parameter `name`, a URI that may stand in a request line.
Text required_uri(const Json& params, const std::string& name) {
  Text text = required(params, name);
  const auto* uri = std::get_if<std::string>(&text);
  if (uri == nullptr) {
    return text;
  }
  if (uri->size() > kMaxUri) {
    return bad_params(name + " must not be longer than " + std::to_string(kMaxUri) + " bytes");
  }
  if (std::any_of(uri->begin(), uri->end(), [](char character) { return is_unsafe(character) || character == ' '; })) {
    return bad_params(name + " must be a SIP URI without blanks, control characters, '<' and '>'");
  }
  const auto parsed = sip::UriView::parse(*uri);
  if (!parsed) {
    return bad_params(name + " must be a SIP URI such as sip:alice@example.com: " + parsed.error().message());
  }
  if (parsed->scheme == sip::UriView::Scheme::Tel || parsed->host.empty()) {
    return bad_params(name + " must be a sip: or sips: URI with a host, such as sip:alice@example.com");
  }
  if (!parsed->headers.empty()) {
    return bad_params(name + " must be a SIP URI without header fields ('?…')");
  }
  return text;
}

Text required_call_id(const Json& params, const std::string& name) {
  Text text = required(params, name);
  const auto* call_id = std::get_if<std::string>(&text);
  if (call_id != nullptr && (call_id->size() > kMaxCmdId || !is_call_id(*call_id))) {
    return bad_params(name + " must be a Call-ID (RFC 3261: word, or word@word; no blanks, '<', '>') of " + std::to_string(kMaxCmdId) + " characters at most");
  }
  return text;
}

using Parsed = std::variant<AnyCommand, RpcError>;

Parsed parse_echo(const Json& params, const std::string& /*cmd_id*/) { return Echo{params}; }

Parsed parse_call_start(const Json& params, const std::string& cmd_id) {
  if (!is_call_id(cmd_id)) {
    return bad_params("cmd_id must be a Call-ID here (RFC 3261: word, or word@word; no blanks): it becomes that of the first leg");
  }
  Text caller = required_uri(params, "caller");
  if (auto* error = std::get_if<RpcError>(&caller)) {
    return std::move(*error);
  }
  Text callee = required_uri(params, "callee");
  if (auto* error = std::get_if<RpcError>(&callee)) {
    return std::move(*error);
  }
  return call::StartCall{.caller = std::get<std::string>(std::move(caller)), .callee = std::get<std::string>(std::move(callee)), .call_id = cmd_id};
}

Parsed parse_call_end(const Json& params, const std::string& /*cmd_id*/) {
  Text call_id = required_call_id(params, "callid");
  if (auto* error = std::get_if<RpcError>(&call_id)) {
    return std::move(*error);
  }
  return call::EndCall{.call_id = std::get<std::string>(std::move(call_id))};
}

struct Method {
  std::string_view name;
  Parsed (*parse)(const Json& params, const std::string& cmd_id);
};

constexpr std::array kMethods = {
    Method{"CallStart", parse_call_start},
    Method{"CallEnd", parse_call_end},
    Method{"Echo", parse_echo},
};

/// The client's cmd_id, "" when the server shall choose.
Text chosen_cmd_id(const Json& params) {
  const Json* member = params.find("cmd_id");
  if (member == nullptr) {
    return std::string();
  }
  const std::string* text = member->string();
  if (text == nullptr) {
    return bad_params("cmd_id must be a string");
  }
  if (text->size() > kMaxCmdId || std::any_of(text->begin(), text->end(), is_unsafe)) {
    return bad_params("cmd_id must have " + std::to_string(kMaxCmdId) + " bytes at most and no control characters, '<' or '>'");
  }
  return *text;
}

}  // namespace

std::variant<ParsedCommand, RpcError> parse_command(const Request& request, base::Random& random) {
  const std::string_view name = method_meant(request.method);
  const auto* method = std::find_if(kMethods.begin(), kMethods.end(), [name](const Method& known) { return known.name == name; });
  if (method == kMethods.end()) {
    return RpcError{RpcCode::MethodNotFound, "Method not found; this server knows CallStart, CallEnd and Echo"};
  }
  if (!request.params || request.params->object() == nullptr) {
    return bad_params("params must be an object");
  }
  Text cmd_id = chosen_cmd_id(*request.params);
  if (auto* error = std::get_if<RpcError>(&cmd_id)) {
    return std::move(*error);
  }
  ParsedCommand command{.method = method->name, .cmd_id = std::get<std::string>(std::move(cmd_id)), .command = {}};
  if (command.cmd_id.empty()) {
    command.cmd_id = random_uuid(random);
  }
  Parsed parsed = method->parse(*request.params, command.cmd_id);
  auto* error = std::get_if<RpcError>(&parsed);
  if (error == nullptr) {
    command.command = std::get<AnyCommand>(std::move(parsed));
  } else if (error->detail == RpcError::Detail::MissingParameter) {
    command.command = Incomplete{std::move(error->message)};
  } else {
    return std::move(*error);
  }
  return command;
}

std::string random_uuid(base::Random& random) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::array<std::uint64_t, 2> bits = {random.next(), random.next()};
  // RFC 4122 §4.4: version 4 in the 13th digit, variant 10 in the top bits of the 17th.
  bits[0] = (bits[0] & ~0xF000ULL) | 0x4000ULL;
  bits[1] = (bits[1] & ~(3ULL << 62)) | (2ULL << 62);
  std::string text;
  text.reserve(36);
  for (std::size_t digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) {
      text += '-';
    }
    text += kHex[(bits[digit / 16] >> (60 - 4 * (digit % 16))) & 15U];
  }
  return text;
}

}  // namespace callwright::server::call_api
