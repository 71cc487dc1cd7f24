#include "server/call_api/parameters.hpp"

#include "media/codec_names.hpp"
#include "server/call_api/aliases.hpp"
#include "server/call_api/command.hpp"
#include "sip/session_fields.hpp"
#include "sip/uri.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace callwright::server::call_api {
namespace {

/// RFC 3261 §25.1 `word` without '<' and '>', which no sane Call-ID has and which would end a URI.
bool is_word(char character) {
  const auto byte = static_cast<unsigned char>(character);
  const auto letter = static_cast<unsigned char>(byte | 0x20U);
  return (byte >= '0' && byte <= '9') || (letter >= 'a' && letter <= 'z') ||
         std::string_view("-.!%*_+`'~():\\\"/[]?{}").find(character) != std::string_view::npos;
}

/// Those that change nothing about where a request goes, and whose it is.
bool is_free_header(std::string_view name) {
  static constexpr std::string_view kFree[] = {"alert-info", "call-info", "organization", "priority", "reply-to", "subject", "user-to-user"};
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter; });
  const bool token = std::all_of(lower.begin(), lower.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' || letter == '.';
  });
  return token && (std::find(std::begin(kFree), std::end(kFree), lower) != std::end(kFree) || (lower.starts_with("x-") && lower.size() > 2));
}

}  // namespace

bool is_control(char character) noexcept {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7F;
}

bool is_unsafe(char character) noexcept { return is_control(character) || character == '<' || character == '>'; }

bool is_call_id(std::string_view text) noexcept {
  const std::size_t at = text.find('@');
  const auto is_part = [](std::string_view part) { return !part.empty() && std::all_of(part.begin(), part.end(), is_word); };
  return at == std::string_view::npos ? is_part(text) : is_part(text.substr(0, at)) && is_part(text.substr(at + 1));
}

bool Parameters::has(const std::string& name) const { return find_parameter(params_, name) != nullptr; }

std::string Parameters::text(const std::string& name) {
  const Json* const member = find_parameter(params_, name);
  if (member == nullptr) {
    refuse({RpcCode::InvalidParams, name + " not specified", RpcError::Detail::MissingParameter});
  } else if (member->string() == nullptr) {
    refuse({RpcCode::InvalidParams, name + " must be a string", RpcError::Detail::NoString});
  } else {
    return *member->string();
  }
  return {};
}

std::string Parameters::name(const std::string& name) {
  std::string value = text(name);
  if (value.size() > kMaxCmdId) {
    refuse(name + " must not be longer than " + std::to_string(kMaxCmdId) + " bytes");
  }
  return value;
}

std::string Parameters::phrase(const std::string& name) {
  std::string value = this->name(name);
  if (std::any_of(value.begin(), value.end(), is_control)) {
    refuse(name + " must not have control characters");
  }
  return value;
}

std::string Parameters::uri(const std::string& name) {
  std::string uri = text(name);
  if (uri.size() > kMaxUri) {
    refuse(name + " must not be longer than " + std::to_string(kMaxUri) + " bytes");
    return {};
  }
  if (std::any_of(uri.begin(), uri.end(), [](char character) { return is_unsafe(character) || character == ' '; })) {
    refuse(name + " must be a SIP URI without blanks, control characters, '<' and '>'");
    return {};
  }
  const auto parsed = sip::UriView::parse(uri);
  if (!parsed) {
    refuse(name + " must be a SIP URI such as sip:alice@example.com: " + parsed.error().message());
  } else if (parsed->scheme == sip::UriView::Scheme::Tel || parsed->host.empty()) {
    refuse(name + " must be a sip: or sips: URI with a host, such as sip:alice@example.com");
  } else if (!parsed->headers.empty()) {
    refuse(name + " must be a SIP URI without header fields ('?…')");
  }
  return uri;
}

std::string Parameters::call_id(const std::string& name) {
  std::string call_id = text(name);
  if (call_id.size() > kMaxCmdId || !is_call_id(call_id)) {
    refuse(name + " must be a Call-ID (RFC 3261: word, or word@word; no blanks, '<', '>') of " + std::to_string(kMaxCmdId) + " characters at most");
  }
  return call_id;
}

std::string Parameters::header_lines(const std::string& name) {
  static constexpr std::size_t kMost = 16;
  static constexpr std::size_t kLongest = 512;
  const Json* const member = find_parameter(params_, name);
  const Json::Object* const fields = member == nullptr ? nullptr : member->object();
  if (fields == nullptr || fields->size() > kMost) {
    refuse(name + " must be an object of header fields, " + std::to_string(kMost) + " at most");
    return {};
  }
  std::string lines;
  for (const auto& field : *fields) {
    const std::string* const value = field.value.string();
    if (!is_free_header(field.name) || field.name.size() > 64 || value == nullptr || value->size() > kLongest || !sip::is_header_safe(*value)) {
      refuse(name + ": " + field.name +
             " must be X-…, Alert-Info, Call-Info, Organization, Priority, Reply-To, Subject or User-to-User, and its value a line of text");
      return {};
    }
    sip::append_header(lines, field.name, *value);
  }
  return lines;
}

std::vector<sdp::Codec> Parameters::codecs(const std::string& name) {
  const Json* const member = find_parameter(params_, name);
  const Json::Array* const array = member == nullptr ? nullptr : std::get_if<Json::Array>(&member->value);
  std::vector<std::string> names;
  for (std::size_t place = 0; array != nullptr && place < array->size(); ++place) {
    const std::string* const text = (*array)[place].string();
    names.push_back(text == nullptr ? std::string() : *text);
  }
  const std::string listed = array == nullptr ? text(name) : std::string();
  for (std::string_view rest = listed; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    names.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  auto known = media::codecs_by_name(names);
  if (!known) {
    refuse(name + ": " + known.error().message());
    return {};
  }
  return std::move(*known);
}

call::Side Parameters::leg(const std::string& name) {
  const std::string leg = text(name);
  if (leg != "caller" && leg != "callee") {
    refuse(name + " must be \"caller\" or \"callee\"");
  }
  return leg == "caller" ? call::Side::Caller : call::Side::Callee;
}

std::optional<call::Side> Parameters::leg_or_both(const std::string& name) {
  const std::string leg = text(name);
  if (leg != "caller" && leg != "callee" && leg != "both") {
    refuse(name + " must be \"caller\", \"callee\" or \"both\"");
  }
  return leg == "both" ? std::nullopt : std::optional(leg == "caller" ? call::Side::Caller : call::Side::Callee);
}

std::uint64_t Parameters::number(const std::string& name, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise) {
  const Json* const member = find_parameter(params_, name);
  if (member == nullptr) {
    return otherwise;
  }
  const auto* const number = std::get_if<Json::Number>(&member->value);
  const std::string* const digits = number != nullptr ? &number->text : member->string();
  std::uint64_t value = 0;
  const char* const end = digits == nullptr ? nullptr : digits->data() + digits->size();
  const bool whole = digits != nullptr && std::from_chars(digits->data(), end, value) == std::from_chars_result{end, std::errc()};
  if (!whole || value < least || value > most) {
    refuse(name + " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

bool Parameters::flag(const std::string& name, bool otherwise) {
  const Json* const member = find_parameter(params_, name);
  if (member == nullptr) {
    return otherwise;
  }
  const bool* const value = std::get_if<bool>(&member->value);
  const std::string* const word = member->string();
  if (value == nullptr && (word == nullptr || (*word != "true" && *word != "false"))) {
    refuse(name + " must be true or false");
  }
  return value != nullptr ? *value : word != nullptr && *word == "true";
}

std::size_t Parameters::word(const std::string& name, std::initializer_list<std::string_view> words) {
  if (!has(name)) {
    return 0;
  }
  const std::string value = text(name);
  const auto* const found = std::find(words.begin(), words.end(), value);
  if (found == words.end()) {
    std::string known;
    for (const std::string_view word : words) {
      known.append(known.empty() ? "\"" : "\", \"").append(word);
    }
    refuse(name + " must be one of " + known + "\"");
    return 0;
  }
  return static_cast<std::size_t>(found - words.begin());
}

}  // namespace callwright::server::call_api
