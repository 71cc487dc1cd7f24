#include "sdp/glance.hpp"

#include <array>

namespace callwright::sdp {
namespace {

/// Cuts off the text up to `separator`, which is left out.
std::string_view cut(std::string_view& text, char separator) noexcept {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

/// Goes through the lines, and remembers in which section it is.
class Eye {
 public:
  void see(std::string_view line) {
    if (line.size() < 2 || line[1] != '=') {
      return;
    }
    const std::string_view value = line.substr(2);
    switch (line[0]) {
      case 'm': see_section(value); break;
      case 'c': see_connection(value); break;
      case 'a': see_attribute(value); break;
      default: break;
    }
  }

  [[nodiscard]] Glance seen() noexcept {
    const bool nowhere = glance_.address && glance_.address->is_unspecified();
    glance_.held = glance_.audio && (held_.value_or(session_held_) || (nowhere && !ice_));
    return glance_;
  }

 private:
  enum class Place { Session, Audio, Elsewhere };

  void see_section(std::string_view value) {
    const std::string_view type = cut(value, ' ');
    const std::string_view port = cut(value, ' ');
    const std::string_view protocol = cut(value, ' ');
    place_ = Place::Elsewhere;
    if (port == "0") {
      return;
    }
    if (type != "audio" || glance_.audio) {
      glance_.others = true;
      return;
    }
    place_ = Place::Audio;
    glance_.audio = true;
    glance_.browser = protocol.find("SAVPF") != std::string_view::npos || protocol.starts_with("UDP/TLS/");
  }

  void see_connection(std::string_view value) {
    (void)cut(value, ' ');
    (void)cut(value, ' ');
    if (place_ == Place::Elsewhere) {
      return;
    }
    const auto ip = base::IpAddress::parse(value.substr(0, value.find('/')));
    glance_.address = ip ? std::optional(*ip) : std::nullopt;
  }

  void see_attribute(std::string_view value) {
    ice_ = ice_ || value.starts_with("ice-ufrag:");
    if (place_ == Place::Elsewhere) {
      return;
    }
    const bool holds = value == "sendonly" || value == "inactive";
    if (holds || value == "sendrecv" || value == "recvonly") {
      if (place_ == Place::Audio) {
        held_ = holds;
      } else {
        session_held_ = holds;
      }
    }
  }

  Glance glance_;
  Place place_ = Place::Session;
  std::optional<bool> held_;
  bool session_held_ = false;
  bool ice_ = false;
};

}  // namespace

Glance glance(std::string_view description) noexcept {
  Eye eye;
  while (!description.empty()) {
    std::string_view line = cut(description, '\n');
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    eye.see(line);
  }
  return eye.seen();
}

bool is_private(const base::IpAddress& ip) noexcept {
  if (ip.is_loopback()) {
    return true;
  }
  if (ip.is_v4()) {
    const auto bytes = ip.v4_bytes();
    return bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xF0U) == 16) || (bytes[0] == 192 && bytes[1] == 168) ||
           (bytes[0] == 100 && (bytes[1] & 0xC0U) == 64) || (bytes[0] == 169 && bytes[1] == 254);
  }
  const auto& bytes = ip.v6_bytes();
  return (bytes[0] & 0xFEU) == 0xFC || (bytes[0] == 0xFE && (bytes[1] & 0xC0U) == 0x80);
}

}  // namespace callwright::sdp
