#include "sip/message.hpp"
#include "sip/scan.hpp"

#include <utility>

namespace callwright::sip {
namespace {

using scan::view;

constexpr std::string_view kMask = "***";

/// Appends [from, to) of a text to another, with masks in place of what is secret.
class Masker {
 public:
  explicit Masker(std::string_view text) : text_(text) { out_.reserve(text.size()); }

  void hide(std::string_view secret) {
    if (secret.empty() || secret.data() < text_.data() + copied_) return;
    const auto at = static_cast<std::size_t>(secret.data() - text_.data());
    out_.append(text_, copied_, at - copied_).append(kMask);
    copied_ = at + secret.size();
  }
  [[nodiscard]] std::string finish() {
    out_.append(text_, copied_);
    copied_ = text_.size();
    return std::move(out_);
  }

 private:
  std::string_view text_;
  std::string out_;
  std::size_t copied_ = 0;
};

/// Hides the password of every `sip:user:password@host` in the line.
void hide_passwords(std::string_view line, Masker& masker) {
  const char* const end = scan::end_of(line);
  const char* at = line.data();
  while ((at = scan::find(at, end, ':')) != end) {
    const std::string_view before = view(line.data(), at);
    ++at;
    const bool is_uri = (before.size() >= 3 && equals_ignoring_case(before.substr(before.size() - 3), "sip")) ||
                        (before.size() >= 4 && equals_ignoring_case(before.substr(before.size() - 4), "sips"));
    if (!is_uri) continue;
    const char* stop = at;
    while (stop != end && *stop != '@' && scan::is(scan::kUri, *stop))
      ++stop;
    const char* const colon = scan::find(at, stop, ':');
    if (stop != end && *stop == '@' && colon != stop) masker.hide(view(colon + 1, stop));
    at = stop;
  }
}

bool is_secret_parameter(std::string_view name) noexcept {
  return equals_ignoring_case(name, "response") || equals_ignoring_case(name, "cnonce") || equals_ignoring_case(name, "rspauth");
}

/// Hides the value of each secret `name=value`; other characters separate.
void hide_digest_secrets(std::string_view value, Masker& masker) {
  const char* at = value.data();
  const char* const end = scan::end_of(value);
  while (at != end) {
    const char* const name_at = at;
    at = scan::skip(scan::kToken, at, end);
    const std::string_view name = view(name_at, at);
    at = scan::skip_blanks(at, end);
    if (at == end || *at != '=') {
      if (at == name_at) ++at;
      continue;
    }
    at = scan::skip_blanks(at + 1, end);
    const char* const from = at;
    if (at != end && *at == '"') {
      at = scan::find_closing_quote(at + 1, end);
      if (is_secret_parameter(name))
        masker.hide(view(from + 1, at));
      else
        hide_passwords(view(from + 1, at), masker);
      if (at != end) ++at;
    } else {
      while (at != end && scan::is(scan::kValue, *at))
        ++at;
      if (is_secret_parameter(name)) masker.hide(view(from, at));
    }
  }
}

void hide_credentials(std::string_view value, Masker& masker) {
  constexpr std::string_view kEmpty = " \t\r\n";
  const std::size_t first = value.find_first_not_of(kEmpty);
  if (first == std::string_view::npos) return;
  const std::string_view text = value.substr(first);
  const char* const scheme_end = scan::skip(scan::kToken, text.data(), scan::end_of(text));
  const std::string_view scheme = view(text.data(), scheme_end);
  const std::string_view rest = view(scheme_end, scan::end_of(text));
  if (equals_ignoring_case(scheme, "Digest")) return hide_digest_secrets(rest, masker);
  const std::size_t secret = rest.find_first_not_of(kEmpty);
  if (secret == std::string_view::npos) return;
  masker.hide(rest.substr(secret, rest.find_last_not_of(kEmpty) - secret + 1));
}

/// Keys of the media in a session description (RFC 4568, RFC 8839).
void hide_media_keys(std::string_view line, Masker& masker) {
  constexpr std::string_view kIce = "a=ice-pwd:";
  constexpr std::string_view kInline = "inline:";
  if (line.starts_with(kIce)) return masker.hide(line.substr(kIce.size()));
  if (!line.starts_with("a=crypto:")) return;
  for (std::size_t at = line.find(kInline); at != std::string_view::npos; at = line.find(kInline, at)) {
    at += kInline.size();
    const std::string_view key = line.substr(at, line.find_first_of("|; ", at) - at);
    masker.hide(key);
    at += key.size();
  }
}

bool is_credentials(Header header) noexcept {
  return header == Header::Authorization || header == Header::ProxyAuthorization || header == Header::AuthenticationInfo;
}

void hide_in_header(std::string_view line, Masker& masker) {
  const char* const end = scan::end_of(line);
  const char* const name_end = scan::skip(scan::kToken, line.data(), end);
  const char* const colon = scan::skip_blanks(name_end, end);
  const Header header = colon != end && *colon == ':' ? header_from(view(line.data(), name_end)) : Header::Other;
  if (!is_credentials(header)) return hide_passwords(line, masker);
  const std::string_view value = view(colon + 1, end);
  if (header == Header::AuthenticationInfo)
    hide_digest_secrets(value, masker);
  else
    hide_credentials(value, masker);
}

}  // namespace

std::string masked(std::string_view message) {
  Masker masker(message);
  const char* at = message.data();
  const char* const end = scan::end_of(message);
  bool in_body = false;
  bool started = false;
  while (at != end) {
    const char* const line = at;
    const char* line_end = nullptr;
    do {
      line_end = scan::find(at, end, '\n');
      at = line_end == end ? end : line_end + 1;
    } while (!in_body && at != end && scan::is_blank(*at));
    if (line_end != line && line_end[-1] == '\r') --line_end;
    const std::string_view text = view(line, line_end);
    // A body may carry header fields too: sipfrag, or a second message in the same datagram.
    if (in_body && text.starts_with("a="))
      hide_media_keys(text, masker);
    else
      hide_in_header(text, masker);
    in_body = in_body || (started && text.empty());
    started = started || !text.empty();
  }
  return masker.finish();
}

}  // namespace callwright::sip
