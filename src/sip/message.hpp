#pragma once

#include "base/result.hpp"
#include "sip/fields.hpp"
#include "sip/header.hpp"
#include "sip/method.hpp"

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace callwright::sip {

struct HeaderField {
  Header id = Header::Other;
  std::string_view name;   ///< As sent.
  std::string_view value;  ///< Without the blanks around it; folded lines joined by blanks.
};

/// Why a message was refused.
struct ParseError {
  std::size_t position = 0;  ///< Byte offset into the message.
  std::string_view reason;   ///< Constant text.
  /// A request (never ACK) whose Via, From, To, Call-ID and CSeq were readable can still be answered (RFC 3261 §8.2, §16.3);
  /// the accessors of those fields then hold their values.
  bool answerable = false;
  int status = 400;  ///< What to answer: 400, or 505 for another version of SIP.
};

/// A parsed SIP message: views into the bytes that were parsed, which must outlive it. Parsing takes one pass and allocates
/// nothing for a message of up to 40 header fields without folded lines.
///
/// `parse` checks the start line, the header grammar, Content-Length, and that the fields which every message must have are
/// there once and well-formed: Via, From, To, Call-ID, CSeq (RFC 3261 §8.1.1), the CSeq method matching the request's. Max-Forwards
/// may be missing, since old phones leave it out. Structured values beyond that are parsed when asked for.
class Message {
 public:
  static constexpr std::size_t kMaxSize = 65535;
  static constexpr std::size_t kMaxHeaders = 256;

  Message() = default;
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  /// Replaces what this message held. A datagram longer than Content-Length says is cut to it; a shorter one is refused (RFC 3261 §18.3).
  /// True on success; otherwise `error()` tells why.
  [[nodiscard]] bool parse(std::string_view bytes);
  [[nodiscard]] const ParseError& error() const noexcept { return error_; }

  [[nodiscard]] bool is_request() const noexcept { return status_ == 0; }
  [[nodiscard]] Method method() const noexcept { return method_; }  ///< Of the request, or that of CSeq in a response.
  [[nodiscard]] std::string_view method_text() const noexcept { return method_text_; }
  [[nodiscard]] std::string_view request_uri() const noexcept { return request_uri_; }
  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] std::string_view reason() const noexcept { return reason_; }

  // The fields that every message has, parsed already.
  [[nodiscard]] const Via& top_via() const noexcept { return via_; }
  [[nodiscard]] const NameAddr& from() const noexcept { return from_; }
  [[nodiscard]] const NameAddr& to() const noexcept { return to_; }
  [[nodiscard]] std::string_view call_id() const noexcept { return call_id_; }
  [[nodiscard]] const CSeq& cseq() const noexcept { return cseq_; }

  [[nodiscard]] std::span<const HeaderField> headers() const noexcept { return {headers_.data(), headers_.size()}; }
  /// The first field of that kind, or nothing.
  [[nodiscard]] std::optional<std::string_view> header(Header id) const noexcept;
  /// By name in any case, compact form included.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
  [[nodiscard]] bool has(Header id) const noexcept { return header(id).has_value(); }
  /// Calls `visit` for each value in order, over all fields of that kind and, in a field, over comma-separated values (commas in quotes
  /// and angle brackets do not separate). `visit` returns false to stop.
  void for_each_value(Header id, const std::function<bool(std::string_view)>& visit) const;
  /// The first Contact, if there is a well-formed one.
  [[nodiscard]] std::optional<NameAddr> contact() const;
  /// True if a list header such as Supported, Require or Allow names `token` (any case).
  [[nodiscard]] bool lists(Header id, std::string_view token) const;

  [[nodiscard]] std::string_view body() const noexcept { return body_; }
  /// Content-Type's type/subtype without parameters; "" when there is none.
  [[nodiscard]] std::string_view content_type() const noexcept;
  /// All bytes of this message.
  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }

 private:
  friend class MessageParser;
  void clear() noexcept;

  std::string_view bytes_;
  int status_ = 0;
  Method method_ = Method::Unknown;
  std::string_view method_text_;
  std::string_view request_uri_;
  std::string_view reason_;
  Via via_;
  NameAddr from_;
  NameAddr to_;
  std::string_view call_id_;
  CSeq cseq_;
  boost::container::small_vector<HeaderField, 40> headers_;
  std::string_view body_;
  std::unique_ptr<char[]> unfolded_;  ///< A copy with folded lines joined, made only when there are any.
  ParseError error_;
};

/// How long the first message in a byte stream is (RFC 3261 §18.3): for stream transports.
struct StreamFrame {
  enum class State : std::uint8_t {
    Incomplete,  ///< More bytes are needed; `skip` bytes of leading CRLF may be dropped.
    KeepAlive,   ///< A double CRLF ping of `size` bytes (RFC 5626 §3.5.1); answer with one CRLF.
    Message,     ///< `size` bytes after `skip` are one message.
    Broken,      ///< No Content-Length, or over the limit: close the connection.
  };
  State state = State::Incomplete;
  std::size_t skip = 0;
  std::size_t size = 0;
  std::string_view reason;
};
/// Linear in the bytes not seen before: `scanned` (0 at first, then left alone) carries over from an Incomplete answer to the next call
/// what is known already, whether or not the caller has dropped `skip` bytes; any other answer resets it.
[[nodiscard]] StreamFrame next_frame(std::string_view stream, std::size_t& scanned) noexcept;

/// Like the text of a message, but with "***" for what is secret: the response and cnonce of digest credentials, all credentials of other
/// schemes, passwords in URIs, and the media keys of a session description. For traces and logs; the length is not kept.
[[nodiscard]] std::string masked(std::string_view message);

}  // namespace callwright::sip
