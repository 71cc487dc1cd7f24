#pragma once

#include "sip/message.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Typed values of the header fields that extensions of a session use: timers, reliable responses, named dialogs, causes, identities.
/// Each `parse` refuses what is malformed with nothing; each `to_string` gives the value as it stands in a message.
namespace callwright::sip {

/// RFC 4028 §4. The interval is as sent, not checked against any minimum.
struct SessionExpires {
  enum class Refresher : std::uint8_t { Unspecified, Uac, Uas };
  std::chrono::seconds interval{0};
  Refresher refresher = Refresher::Unspecified;

  static std::optional<SessionExpires> parse(std::string_view value);
  [[nodiscard]] std::string to_string() const;
};

/// RFC 3262 §7.2: which reliable provisional response a PRACK acknowledges.
struct RAck {
  std::uint32_t rseq = 0;
  std::uint32_t cseq = 0;
  Method method = Method::Unknown;

  static std::optional<RAck> parse(std::string_view value);
};

/// The dialog that Replaces (RFC 3891), Join (RFC 3911) or Target-Dialog (RFC 4538) names, with the tags as its receiver sees them.
struct DialogName {
  enum class Stage : std::uint8_t { Any, EarlyOnly };
  std::string call_id;
  std::string local_tag;   ///< Of whoever gets the request: `to-tag`, and `local-tag` of Target-Dialog.
  std::string remote_tag;  ///< `from-tag`, and `remote-tag` of Target-Dialog.
  Stage stage = Stage::Any;

  /// Of Replaces and Join.
  static std::optional<DialogName> parse(std::string_view value);
  /// Of Target-Dialog.
  static std::optional<DialogName> parse_target(std::string_view value);
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] std::string to_target_string() const;
};

/// Why a request was sent (RFC 3326): `SIP;cause=200;text="Call completed elsewhere"`.
struct Reason {
  std::string protocol = "SIP";  ///< "SIP", "Q.850" …
  int cause = 0;                 ///< 0: none given.
  std::string text;

  static std::optional<Reason> parse(std::string_view value);
  [[nodiscard]] std::string to_string() const;
};
/// The first well-formed Reason of a message.
[[nodiscard]] std::optional<Reason> reason_of(const Message& message);

/// RFC 3323 §4.2, RFC 3325 §9.3.
struct Privacy {
  bool header = false;
  bool session = false;
  bool user = false;
  bool id = false;
  bool history = false;  ///< RFC 7044 §10.1.
  bool critical = false;
  bool none = false;

  static Privacy of(const Message& message);
  /// "" when nothing is asked for.
  [[nodiscard]] std::string to_string() const;
};

/// One redirection of a call (RFC 5806).
struct Diversion {
  std::string uri;
  std::string reason;  ///< "no-answer", "user-busy", "unconditional" …; "" when none is given.
  unsigned counter = 1;

  static std::optional<Diversion> parse(std::string_view value);
  [[nodiscard]] std::string to_string() const;
};

/// One entry of History-Info (RFC 7044 §5.1).
struct HistoryEntry {
  std::string uri;    ///< With its headers (`?Reason=…`), as sent.
  std::string index;  ///< "1.1"

  static std::optional<HistoryEntry> parse(std::string_view value);
  [[nodiscard]] std::string to_string() const;
};

/// All of a message in order, malformed ones left out; at most 32.
[[nodiscard]] std::vector<Diversion> diversions_of(const Message& message);
[[nodiscard]] std::vector<HistoryEntry> history_of(const Message& message);
/// The identities that a trusted network vouches for (RFC 3325 §9.1): URIs, a SIP and a TEL one at most. Whether the sender may be
/// trusted is for the caller to know.
[[nodiscard]] std::vector<std::string> asserted_identities_of(const Message& message);

/// Appends "Name: value" with CRLF. A value that could not stand in a header field is left out.
void append_header(std::string& lines, std::string_view name, std::string_view value);

}  // namespace callwright::sip
