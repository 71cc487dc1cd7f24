#include "sdp/description.hpp"
#include "sdp/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace callwright::sdp {
namespace {

using base::Errc;
using base::Error;
using base::Result;

/// Reads line after line into a Description. A handler returns the reason why it refuses a line; empty: accepted.
class Parser {
 public:
  Result<Description> parse(std::string_view text) {
    if (text.size() > Description::kMaxSize) {
      return Error(Errc::LimitReached, fmt::format("A session description may have {} bytes, this one has {}", Description::kMaxSize, text.size()));
    }
    while (!text.empty()) {
      ++line_;
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.ends_with('\r')) {
        line.remove_suffix(1);
      }
      if (const std::string reason = accept(line); !reason.empty()) {
        return refuse(reason);
      }
    }
    if (const std::string_view missing = missing_line(); !missing.empty()) {
      return refuse(fmt::format("the description ends without its {} line", missing));
    }
    return std::move(description_);
  }

 private:
  Error refuse(std::string_view reason) const { return {Errc::InvalidArgument, fmt::format("SDP line {}: {}", std::max(line_, 1U), reason)}; }

  std::string_view missing_line() const noexcept {
    if (!has_version_) {
      return "v=";
    }
    return has_origin_ ? std::string_view{} : "o=";
  }

  std::string accept(std::string_view line) {
    if (line.empty()) {
      return {};
    }
    if (line.size() < 2 || line[1] != '=') {
      return "expected \"<letter>=<value>\"";
    }
    if (line.find('\0') != std::string_view::npos || line.find('\r') != std::string_view::npos) {
      return "a NUL or a lone carriage return stands in the line";
    }
    const char type = line[0];
    if (!((type >= 'a' && type <= 'z') || (type >= 'A' && type <= 'Z'))) {
      return "the line type is not a letter";
    }
    const std::string_view value = line.substr(2);
    if (!has_version_) {
      return accept_version(type, value);
    }
    return description_.media.empty() ? accept_session(type, value) : accept_media(type, value);
  }

  std::string accept_version(char type, std::string_view value) {
    if (type != 'v' || value != "0") {
      return "expected \"v=0\" first";
    }
    has_version_ = true;
    return {};
  }

  std::string accept_session(char type, std::string_view value) {
    switch (type) {
      case 'v': return "a second v= line";
      case 'o': return accept_origin(value);
      case 's': description_.session_name = value.empty() ? std::string_view("-") : value; return {};
      case 'c': return description_.connection ? accept_other(description_.others, type, value) : accept_connection(description_.connection, value);
      case 't':
      case 'r':
      case 'z': return accept_other(description_.times, type, value);
      case 'a': return accept_attribute(description_.attributes, value);
      case 'm': return accept_media_line(value);
      default: return accept_other(description_.others, type, value);
    }
  }

  std::string accept_media(char type, std::string_view value) {
    Media& media = description_.media.back();
    switch (type) {
      case 'v':
      case 'o':
      case 's':
      case 't': return fmt::format("{}= may not follow m=", type);
      case 'c': return media.connection ? accept_other(media.others, type, value) : accept_connection(media.connection, value);
      case 'a': return accept_attribute(media.attributes, value);
      case 'm': return accept_media_line(value);
      default: return accept_other(media.others, type, value);
    }
  }

  std::string accept_origin(std::string_view value) {
    if (has_origin_) {
      return "a second o= line";
    }
    Origin& origin = description_.origin;
    for (std::string* field : {&origin.username, &origin.session_id, &origin.version, &origin.network_type, &origin.address_type, &origin.address}) {
      const std::string_view word = text::next_word(value);
      if (word.empty()) {
        return "o= needs six values: user, session id, version, IN, IP4 or IP6, address";
      }
      *field = word;
    }
    has_origin_ = true;
    return {};
  }

  static std::string accept_connection(std::optional<Connection>& target, std::string_view value) {
    Connection connection;
    for (std::string* field : {&connection.network_type, &connection.address_type, &connection.address}) {
      const std::string_view word = text::next_word(value);
      if (word.empty()) {
        return "c= needs three values: IN, IP4 or IP6, address";
      }
      *field = word;
    }
    target = std::move(connection);
    return {};
  }

  std::string accept_attribute(Attributes& attributes, std::string_view value) {
    if (++attribute_count_ > Description::kMaxAttributes) {
      return fmt::format("more than {} attributes", Description::kMaxAttributes);
    }
    const std::size_t colon = value.find(':');
    if (colon == 0 || value.empty()) {
      return "a= needs a name";
    }
    Attribute attribute{std::string(value.substr(0, colon)), std::nullopt};
    if (colon != std::string_view::npos) {
      attribute.value = std::string(value.substr(colon + 1));
    }
    attributes.push_back(std::move(attribute));
    return {};
  }

  std::string accept_other(std::vector<Line>& lines, char type, std::string_view value) {
    if (++other_count_ > Description::kMaxOtherLines) {
      return fmt::format("more than {} lines", Description::kMaxOtherLines);
    }
    lines.push_back({type, std::string(value)});
    return {};
  }

  std::string accept_media_line(std::string_view value) {
    if (description_.media.size() == Description::kMaxMedia) {
      return fmt::format("more than {} m= lines", Description::kMaxMedia);
    }
    Media media;
    media.type = text::next_word(value);
    std::string_view ports = text::next_word(value);
    media.protocol = text::next_word(value);
    const auto port = text::to_number<std::uint16_t>(text::next_word(ports, '/'));
    const auto count = ports.empty() ? std::optional<std::uint16_t>(std::uint16_t{1}) : text::to_number<std::uint16_t>(ports);
    if (media.protocol.empty() || !port || !count || *count == 0) {
      return "m= needs a medium, a port (0 … 65535), a protocol and formats";
    }
    media.port = *port;
    media.port_count = *count;
    for (std::string_view format = text::next_word(value); !format.empty(); format = text::next_word(value)) {
      if (media.formats.size() == Description::kMaxFormats) {
        return fmt::format("more than {} formats", Description::kMaxFormats);
      }
      media.formats.emplace_back(format);
    }
    description_.media.push_back(std::move(media));
    return {};
  }

  Description description_;
  unsigned line_ = 0;
  std::size_t attribute_count_ = 0;
  std::size_t other_count_ = 0;
  bool has_version_ = false;
  bool has_origin_ = false;
};

}  // namespace

Result<Description> Description::parse(std::string_view text) { return Parser().parse(text); }

}  // namespace callwright::sdp
