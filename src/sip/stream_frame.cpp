#include "sip/message.hpp"
#include "sip/scan.hpp"

#include <limits>
#include <optional>

namespace callwright::sip {
namespace {

using scan::view;
using State = StreamFrame::State;

/// In `scanned`: the rest of it is the size of the message, whose body has not arrived yet.
constexpr std::size_t kSizeKnown = std::size_t{1} << (std::numeric_limits<std::size_t>::digits - 1);
constexpr std::string_view kPing = "\r\n\r\n";

/// Bytes of line ends before the message. What may still become a ping is left alone.
std::size_t leading_line_ends(std::string_view stream) noexcept {
  std::size_t skip = 0;
  while (skip < stream.size()) {
    const std::string_view rest = stream.substr(skip);
    if (kPing.starts_with(rest.substr(0, kPing.size()))) return skip;
    if (rest.starts_with("\r\n"))
      skip += 2;
    else if (rest.front() == '\n')
      skip += 1;
    else
      return skip;
  }
  return skip;
}

/// Where the body starts, or nothing; `scanned` becomes the place from where a later search goes on.
std::optional<std::size_t> find_body(std::string_view text, std::size_t& scanned) noexcept {
  const char* const end = scan::end_of(text);
  const char* at = text.data() + scanned;
  while (true) {
    const char* const line_feed = scan::find(at, end, '\n');
    if (line_feed == end) {
      scanned = text.size();
      return std::nullopt;
    }
    const char* next = line_feed + 1;
    if (next != end && *next == '\r') ++next;
    if (next == end) {
      scanned = static_cast<std::size_t>(line_feed - text.data());
      return std::nullopt;
    }
    if (*next == '\n') return static_cast<std::size_t>(next + 1 - text.data());
    at = line_feed + 1;
  }
}

/// The value of the header line at `at`, folded lines included; `at` moves behind its line end.
std::string_view take_value(const char*& at, const char* end) noexcept {
  const char* const value = at;
  const char* line_feed = nullptr;
  do {
    line_feed = scan::find(at, end, '\n');
    at = line_feed == end ? end : line_feed + 1;
  } while (at != end && scan::is_blank(*at));
  return view(value, line_feed);
}

std::string_view trim_line_ends(std::string_view text) noexcept {
  constexpr std::string_view kEmpty = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kEmpty);
  return first == std::string_view::npos ? std::string_view{} : text.substr(first, text.find_last_not_of(kEmpty) - first + 1);
}

struct ContentLength {
  std::optional<std::uint32_t> value;
  std::string_view fault;
};

ContentLength read_content_length(std::string_view header) noexcept {
  ContentLength found;
  const char* at = header.data();
  const char* const end = scan::end_of(header);
  while (at != end) {
    const char* const name = at;
    at = scan::skip(scan::kToken, at, end);
    const std::string_view field = view(name, at);
    const char* const colon = scan::skip_blanks(at, end);
    const std::string_view value = take_value(at, end);
    if (colon == end || *colon != ':' || header_from(field) != Header::ContentLength) continue;
    std::uint32_t length = 0;
    if (!scan::read_number(trim_line_ends(view(colon + 1, scan::end_of(value))), 0xffffffffU, length)) return {{}, "Content-Length must be a number"};
    if (found.value && *found.value != length) return {{}, "two different values of Content-Length"};
    found.value = length;
  }
  if (!found.value) found.fault = "Content-Length is missing, and a stream needs it";
  return found;
}

StreamFrame broken(std::size_t& scanned, std::size_t skip, std::string_view reason) noexcept {
  scanned = 0;
  return {State::Broken, skip, 0, reason};
}

/// The size of the message is known: is all of it there?
StreamFrame whole_or_not(std::string_view text, std::size_t skip, std::size_t size, std::size_t& scanned) noexcept {
  if (text.size() < size) {
    scanned = size | kSizeKnown;
    return {State::Incomplete, skip, 0, {}};
  }
  scanned = 0;
  return {State::Message, skip, size, {}};
}

}  // namespace

StreamFrame next_frame(std::string_view stream, std::size_t& scanned) noexcept {
  constexpr std::string_view kTooLong = "the message is longer than 65535 bytes";
  const std::size_t skip = leading_line_ends(stream);
  const std::string_view text = stream.substr(skip);
  if ((scanned & kSizeKnown) != 0) return whole_or_not(text, skip, scanned & ~kSizeKnown, scanned);
  if (text.starts_with(kPing)) {
    scanned = 0;
    return {State::KeepAlive, skip, kPing.size(), {}};
  }
  if (text.empty() || kPing.starts_with(text)) return {State::Incomplete, skip, 0, {}};
  if (scanned > text.size()) scanned = 0;

  const auto body = find_body(text, scanned);
  if (!body) return text.size() > Message::kMaxSize ? broken(scanned, skip, kTooLong) : StreamFrame{State::Incomplete, skip, 0, {}};
  const ContentLength length = read_content_length(text.substr(0, *body));
  if (!length.fault.empty()) return broken(scanned, skip, length.fault);
  if (*body + std::size_t{*length.value} > Message::kMaxSize) return broken(scanned, skip, kTooLong);
  return whole_or_not(text, skip, *body + *length.value, scanned);
}

}  // namespace callwright::sip
