#include "base/web_origin.hpp"

#include "base/socket_address.hpp"

#include <algorithm>

namespace callwright::base {

namespace {

char lower(char character) { return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A')) : character; }

bool same_text(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) { return lower(a) == lower(b); });
}

struct Authority {
  std::string_view host;
  std::string_view port;
};

Authority split(std::string_view text, std::string_view default_port) {
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos;
  return has_port ? Authority{text.substr(0, colon), text.substr(colon + 1)} : Authority{text, default_port};
}

bool is_this_machine(std::string_view host) { return same_text(host, "localhost") || IpAddress::parse(host).has_value(); }

}  // namespace

bool origin_may_connect(std::string_view origin, std::string_view host, const std::vector<std::string>& allowed, Reach reach) {
  if (std::any_of(allowed.begin(), allowed.end(), [&](const std::string& entry) { return same_text(entry, origin); })) {
    return true;
  }
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos || host.empty()) {
    return false;
  }
  const std::string_view scheme = origin.substr(0, scheme_end);
  if (!same_text(scheme, "http") && !same_text(scheme, "https")) {
    return false;
  }
  const std::string_view default_port = same_text(scheme, "https") ? "443" : "80";
  const Authority page = split(origin.substr(scheme_end + 3), default_port);
  const Authority server = split(host, default_port);
  return same_text(page.host, server.host) && page.port == server.port && (reach == Reach::Network || is_this_machine(server.host));
}

}  // namespace callwright::base
