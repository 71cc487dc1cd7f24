#include "sdp/description.hpp"

#include <string>

/// Lines go out in the order of RFC 8866 §5: v o s i u e p c b t r z k a, then for each medium m i c b k a.
namespace callwright::sdp {
namespace {

void append_line(std::string& out, char type, std::string_view value) {
  out += type;
  out += '=';
  out += value;
  out += "\r\n";
}

void append_words(std::string& out, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    out += word;
    out += ' ';
  }
  out.back() = '\r';
  out += '\n';
}

void append_connection(std::string& out, const std::optional<Connection>& connection) {
  if (connection) {
    out += "c=";
    append_words(out, {connection->network_type, connection->address_type, connection->address});
  }
}

enum class Place { BeforeConnection, WithConnection, AfterConnection, BeforeAttributes };

Place place_of(char type) noexcept {
  switch (type) {
    case 'i':
    case 'u':
    case 'e':
    case 'p': return Place::BeforeConnection;
    case 'c': return Place::WithConnection;
    case 'b': return Place::AfterConnection;
    default: return Place::BeforeAttributes;
  }
}

void append_others(std::string& out, const std::vector<Line>& lines, Place place) {
  for (const Line& line : lines) {
    if (place_of(line.type) == place) {
      append_line(out, line.type, line.value);
    }
  }
}

void append_attributes(std::string& out, const Attributes& attributes) {
  for (const Attribute& attribute : attributes) {
    append_line(out, 'a', attribute.value ? attribute.name + ':' + *attribute.value : attribute.name);
  }
}

void append_media(std::string& out, const Media& media) {
  out += "m=" + media.type + ' ' + std::to_string(media.port);
  if (media.port_count != 1) {
    out += '/' + std::to_string(media.port_count);
  }
  out += ' ' + media.protocol;
  for (const std::string& format : media.formats) {
    out += ' ' + format;
  }
  out += "\r\n";
  append_others(out, media.others, Place::BeforeConnection);
  append_connection(out, media.connection);
  append_others(out, media.others, Place::WithConnection);
  append_others(out, media.others, Place::AfterConnection);
  append_others(out, media.others, Place::BeforeAttributes);
  append_attributes(out, media.attributes);
}

}  // namespace

std::string Description::to_string() const {
  std::string out = "v=0\r\no=";
  append_words(out, {origin.username, origin.session_id, origin.version, origin.network_type, origin.address_type, origin.address});
  append_line(out, 's', session_name.empty() ? std::string_view("-") : std::string_view(session_name));
  append_others(out, others, Place::BeforeConnection);
  append_connection(out, connection);
  append_others(out, others, Place::WithConnection);
  append_others(out, others, Place::AfterConnection);
  if (times.empty()) {
    append_line(out, 't', "0 0");
  }
  for (const Line& line : times) {
    append_line(out, line.type, line.value);
  }
  append_others(out, others, Place::BeforeAttributes);
  append_attributes(out, attributes);
  for (const Media& section : media) {
    append_media(out, section);
  }
  return out;
}

}  // namespace callwright::sdp
