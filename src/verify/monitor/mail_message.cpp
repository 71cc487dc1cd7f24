#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "verify/monitor/alert.hpp"
#include "verify/monitor/alert_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace callwright::verify {
namespace {

/// RFC 5322 §2.1.1, without the end of the line.
constexpr std::size_t kMaxLine = 998;
/// A header beyond that is encoded, and folded by it.
constexpr std::size_t kMaxPlainHeader = 900;
constexpr std::size_t kMaxPlainPhrase = 300;
/// Of text in one encoded word: with "Subject: " and what is around it, 76 characters are not exceeded (RFC 2047 §2).
constexpr std::size_t kMaxEncoded = 39;
/// RFC 2045 §6.7, with the '=' at the end of a line that goes on.
constexpr std::size_t kMaxQuotedLine = 76;
/// Longer is no address (RFC 5321 §4.5.3.1.3).
constexpr std::size_t kMaxAddress = 256;
/// What makes a phrase need quotes (RFC 5322 §3.2.3).
constexpr std::string_view kSpecials = "()<>[]:;@\\,.\"";

bool is_printable(char character) { return character >= 0x20 && character < 0x7F; }

bool is_plain(std::string_view text) { return std::all_of(text.begin(), text.end(), is_printable); }

std::string encoded_word(std::string_view text) {
  return fmt::format("=?UTF-8?B?{}?=", base::to_base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
}

/// RFC 2047: words of whole characters, each on a line of its own. A byte that belongs to none is told as U+FFFD.
std::string encoded_words(std::string_view text) {
  std::string out;
  std::string word;
  while (!text.empty()) {
    const std::size_t length = base::utf8_character(text);
    const std::string_view character = length == 0 ? "\xEF\xBF\xBD" : text.substr(0, length);
    if (word.size() + character.size() > kMaxEncoded) {
      out += encoded_word(word) + "\r\n ";
      word.clear();
    }
    word += character;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out + encoded_word(word);
}

bool needs_encoding(std::string_view text, std::size_t most) { return !is_plain(text) || text.size() > most || text.find("=?") != std::string_view::npos; }

std::string unstructured(std::string_view text) {
  const std::string line = one_line(text);
  return needs_encoding(line, kMaxPlainHeader) ? encoded_words(line) : line;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char character : text) {
    out += character == '"' || character == '\\' ? "\\" : "";
    out += character;
  }
  return out + '"';
}

/// The name of a person, in front of an address.
std::string phrase(std::string_view text) {
  if (needs_encoding(text, kMaxPlainPhrase)) {
    // The address stands on the next line, for this one may be full.
    return encoded_words(text) + "\r\n";
  }
  const bool is_quoted = text.size() > 1 && text.starts_with('"') && text.find_first_of("\"\\", 1) == text.size() - 1;
  return is_quoted || text.find_first_of(kSpecials) == std::string_view::npos ? std::string(text) : quoted(text);
}

struct Mailbox {
  std::string name;  ///< "" when there is none.
  std::string address;
};

/// `a@example.com` or `Name <a@example.com>`.
Mailbox mailbox_of(std::string_view text) {
  std::string line = one_line(text);
  const std::size_t open = line.rfind('<');
  if (open == std::string::npos || !line.ends_with('>')) {
    return {"", line.substr(0, kMaxAddress)};
  }
  std::string address = line.substr(open + 1, line.size() - open - 2).substr(0, kMaxAddress);
  line.erase(open);
  line.erase(line.find_last_not_of(' ') + 1);
  return {std::move(line), std::move(address)};
}

std::string written(const Mailbox& mailbox) { return mailbox.name.empty() ? mailbox.address : fmt::format("{} <{}>", phrase(mailbox.name), mailbox.address); }

/// What stands on either side of the '@' of a Message-ID.
std::string id_part(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char character) {
    return (character >= '0' && character <= '9') || ((character | 0x20) >= 'a' && (character | 0x20) <= 'z') || character == '-' || character == '_' ||
           (character == '.');
  });
  return out.empty() ? "localhost" : out.substr(0, kMaxAddress);
}

std::string date_text(std::chrono::system_clock::time_point date) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(std::chrono::system_clock::to_time_t(date)));
}

/// Each line of a text, without its end; none behind the last end.
template <class Take>
void for_each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    take(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

void append_quoted_line(std::string& out, std::string_view line) {
  std::size_t used = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char character = line[at];
    const bool is_last = at + 1 == line.size();
    // A blank at the end may get lost on its way.
    const bool is_plain_one = is_printable(character) && character != '=' && !(character == ' ' && is_last);
    const std::string text = is_plain_one ? std::string(1, character) : fmt::format("={:02X}", static_cast<unsigned char>(character));
    if (used + text.size() > kMaxQuotedLine - (is_last ? 0 : 1)) {
      out += "=\r\n";
      used = 0;
    }
    out += text;
    used += text.size();
  }
  out += "\r\n";
}

struct Body {
  std::string_view encoding;
  std::string text;
};

Body body_of(std::string_view text) {
  bool plain = true;
  for_each_line(text, [&](std::string_view line) { plain = plain && is_plain(line) && line.size() <= kMaxLine; });
  Body body{plain ? "7bit" : "quoted-printable", {}};
  for_each_line(text, [&](std::string_view line) {
    if (plain) {
      body.text += fmt::format("{}\r\n", line);
    } else {
      append_quoted_line(body.text, line);
    }
  });
  return body;
}

}  // namespace

std::string mail_message(const Mail& mail, std::string_view from, const std::vector<std::string>& to, std::chrono::system_clock::time_point date,
                         std::string_view id) {
  const Mailbox sender = mailbox_of(from);
  std::string recipients;
  for (const std::string& recipient : to) {
    recipients += fmt::format("{}{}", recipients.empty() ? "" : ",\r\n ", written(mailbox_of(recipient)));
  }
  recipients = recipients.empty() ? "undisclosed-recipients:;" : recipients;
  const Body body = body_of(mail.body);
  return fmt::format(
      "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}@{}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: {}\r\nAuto-Submitted: auto-generated\r\n\r\n{}",
      written(sender), recipients, unstructured(mail.subject), date_text(date), id_part(id), id_part(sender.address.substr(sender.address.rfind('@') + 1)),
      body.encoding, body.text);
}

}  // namespace callwright::verify
