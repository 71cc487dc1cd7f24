#include "base/base64.hpp"
#include "verify/monitor/alert.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>

namespace callwright::verify {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::system_clock::time_point kNoon{std::chrono::seconds(1'772'366'400)};

/// A message as a mail program reads it.
struct Received {
  std::map<std::string, std::string> headers;  ///< Unfolded, encoded words still as they came.
  std::string body;                            ///< Decoded; lines end in LF.
};

std::string decoded_quoted(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '=') {
      out += text[at];
    } else if (text.substr(at, 2) == "=\n") {
      ++at;
    } else {
      out += static_cast<char>(std::stoi(std::string(text.substr(at + 1, 2)), nullptr, 16));
      at += 2;
    }
  }
  return out;
}

std::string decoded_words(std::string_view text) {
  constexpr std::string_view kStart = "=?UTF-8?B?";
  std::string out;
  while (!text.empty()) {
    const std::size_t start = text.find(kStart);
    // Blanks between two words belong to neither.
    const bool is_between = !out.empty() && text.substr(0, start) == " ";
    out += is_between ? "" : text.substr(0, start);
    if (start == std::string_view::npos) {
      break;
    }
    text.remove_prefix(start + kStart.size());
    const std::size_t end = text.find("?=");
    const auto bytes = base::from_base64(text.substr(0, end));
    EXPECT_TRUE(bytes) << text;
    out.append(bytes->begin(), bytes->end());
    text.remove_prefix(end + 2);
  }
  return out;
}

Received receive(std::string text) {
  Received received;
  EXPECT_TRUE(text.ends_with("\r\n"));
  std::string body;
  std::string* header = nullptr;
  bool in_body = false;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    const std::string line = text.substr(0, end);
    text.erase(0, end + 2);
    EXPECT_LE(line.size(), 998U);
    EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos) << line;
    if (in_body) {
      body += line + "\n";
    } else if (line.empty()) {
      in_body = true;
    } else if (line.starts_with(' ')) {
      EXPECT_NE(header, nullptr);
      *header += line;
      EXPECT_TRUE(line.find("=?") == std::string::npos || line.size() <= 76) << line;
    } else {
      const std::size_t colon = line.find(": ");
      EXPECT_NE(colon, std::string::npos) << line;
      EXPECT_FALSE(received.headers.contains(line.substr(0, colon))) << line;
      header = &(received.headers[line.substr(0, colon)] = line.substr(colon + 2));
      EXPECT_TRUE(line.find("=?") == std::string::npos || line.size() <= 76) << line;
    }
  }
  received.body = received.headers["Content-Transfer-Encoding"] == "quoted-printable" ? decoded_quoted(body) : body;
  return received;
}

std::string subject_of(std::string_view subject) {
  return receive(mail_message({std::string(subject), "x\n"}, "a@example.com", {"b@example.com"}, kNoon, "1")).headers["Subject"];
}

std::string from_of(std::string_view from) { return receive(mail_message({"s", "x\n"}, from, {"b@example.com"}, kNoon, "1")).headers["From"]; }

TEST(MailMessage, has_what_a_mail_needs) {
  EXPECT_EQ(mail_message({"It failed", "first\n.second\n"}, "Callwright <monitor@example.com>", {"a@example.com", "b@example.org"}, kNoon, "r-1.2"),
            "From: Callwright <monitor@example.com>\r\nTo: a@example.com,\r\n b@example.org\r\nSubject: It failed\r\nDate: Sun, 01 Mar 2026 12:00:00 +0000\r\n"
            "Message-ID: <r-1.2@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n"
            "Auto-Submitted: auto-generated\r\n\r\nfirst\r\n.second\r\n");
}

TEST(MailMessage, encodes_subjects_that_are_not_ascii) {
  EXPECT_EQ(subject_of("caf\u00e9"), "=?UTF-8?B?Y2Fmw6k=?=");
  std::string text = "[callwright] \u00fcberwachung FAILED: ";
  for (int count = 0; count < 60; ++count) {
    text += "\u2014 \U0001F4DE\u00e9 ";
  }
  text += ".";
  EXPECT_EQ(decoded_words(subject_of(text)), text);
  EXPECT_EQ(decoded_words(subject_of("=?UTF-8?B?eA==?=")), "=?UTF-8?B?eA==?=");
  EXPECT_EQ(decoded_words(subject_of("a\xff"
                                     "b")),
            "a\uFFFDb");
}

TEST(MailMessage, folds_subjects_that_are_too_long) {
  const std::string text(3000, 'x');
  EXPECT_EQ(decoded_words(subject_of(text)), text);
}

TEST(MailMessage, takes_no_other_headers) {
  Received received =
      receive(mail_message({"s\r\nBcc: x@example.com\r\n\r\nbody", "x\n"}, "a@example.com\r\nX-From: 1", {"b@example.com\nX-To: 1"}, kNoon, "1>\r\nX-Id: 1"));
  EXPECT_EQ(received.headers["Subject"], "s Bcc: x@example.com body");
  EXPECT_EQ(received.headers["From"], "a@example.com X-From: 1");
  EXPECT_EQ(received.headers["To"], "b@example.com X-To: 1");
  EXPECT_EQ(received.headers["Message-ID"], "<1X-Id1@example.comX-From1>");
  EXPECT_EQ(received.body, "x\n");
}

TEST(MailMessage, writes_names_of_people) {
  EXPECT_EQ(from_of("Night Watch <a@example.com>"), "Night Watch <a@example.com>");
  EXPECT_EQ(from_of("Watch, Night <a@example.com>"), "\"Watch, Night\" <a@example.com>");
  EXPECT_EQ(from_of("\"Watch, Night\" <a@example.com>"), "\"Watch, Night\" <a@example.com>");
  EXPECT_EQ(from_of("The \"Watch\" <a@example.com>"), "\"The \\\"Watch\\\"\" <a@example.com>");
  EXPECT_EQ(from_of("<a@example.com>"), "a@example.com");
  EXPECT_EQ(decoded_words(from_of("\u00dcberwachung <a@example.com>")), "\u00dcberwachung <a@example.com>");
  EXPECT_EQ(decoded_words(from_of(fmt::format("{} <{}@example.com>", std::string(2000, '"'), std::string(100, 'a')))),
            fmt::format("{} <{}@example.com>", std::string(2000, '"'), std::string(100, 'a')));
}

TEST(MailMessage, has_bodies_in_any_language_and_of_any_length) {
  for (const std::string& body :
       {std::string("caf\u00e9 = 1\n\n trailing \nlast\n"), std::string(5000, 'x') + "\n", std::string("nul \0 and\rreturn\ttab\n", 21), std::string("=\n"),
        std::string(75, 'x') + "\u00e9\n", std::string(76, 'x') + "\u00e9\n", std::string(77, 'x') + "\u00e9 \n"}) {
    const std::string message = mail_message({"s", body}, "a@example.com", {"b@example.com"}, kNoon, "1");
    EXPECT_EQ(receive(message).body, body);
    EXPECT_TRUE(std::all_of(message.begin(), message.end(), [](char byte) { return static_cast<unsigned char>(byte) < 0x80; }));
    const bool is_quoted = message.find("quoted-printable") != std::string::npos;
    std::istringstream lines(message.substr(message.find("\r\n\r\n") + 4));
    for (std::string line; is_quoted && std::getline(lines, line);) {
      EXPECT_LE(line.size(), 77U) << line;
      EXPECT_FALSE(line.ends_with(" \r")) << line;
    }
  }
  EXPECT_THAT(mail_message({"s", std::string(998, 'x')}, "a@example.com", {}, kNoon, "1"), HasSubstr("7bit"));
  EXPECT_THAT(mail_message({"s", std::string(999, 'x')}, "a@example.com", {}, kNoon, "1"), Not(HasSubstr("7bit")));
}

TEST(MailMessage, without_recipients_says_so) {
  EXPECT_EQ(receive(mail_message({"s", "x\n"}, "a", {}, kNoon, "")).headers["To"], "undisclosed-recipients:;");
  EXPECT_EQ(receive(mail_message({"s", "x\n"}, "", {}, kNoon, "")).headers["Message-ID"], "<localhost@localhost>");
}

}  // namespace
}  // namespace callwright::verify
