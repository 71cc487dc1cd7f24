#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Session descriptions (RFC 8866, and RFC 4566 before it). Everything here is a value; any thread.
namespace callwright::sdp {

/// The number of a format in RTP, 0 … 127.
enum class PayloadType : std::uint8_t {};

/// Which way the media of a description flows, seen from whoever wrote it (RFC 3264 §5.1).
enum class Direction { SendRecv, SendOnly, RecvOnly, Inactive };

[[nodiscard]] std::string_view to_string(Direction direction) noexcept;
/// The same flow seen from the other side: SendOnly ↔ RecvOnly.
[[nodiscard]] Direction reversed(Direction direction) noexcept;
/// What both allow.
[[nodiscard]] Direction intersection(Direction left, Direction right) noexcept;
[[nodiscard]] bool sends(Direction direction) noexcept;
[[nodiscard]] bool receives(Direction direction) noexcept;
[[nodiscard]] Direction make_direction(bool send, bool receive) noexcept;

/// A line that has no typed member below, kept as it came.
struct Line {
  char type = 0;
  std::string value;
  friend bool operator==(const Line&, const Line&) = default;
};

/// `a=name` or `a=name:value`.
struct Attribute {
  std::string name;
  std::optional<std::string> value;
  friend bool operator==(const Attribute&, const Attribute&) = default;
};

using Attributes = std::vector<Attribute>;

/// The first attribute of that name (names are case-sensitive, RFC 8866 §5.13); null when there is none.
[[nodiscard]] const Attribute* find_attribute(const Attributes& attributes, std::string_view name) noexcept;

/// `o=` (RFC 8866 §5.2). The numbers stay text: descriptions in the field carry more digits than any integer has.
struct Origin {
  std::string username = "-";
  std::string session_id = "0";
  std::string version = "0";
  std::string network_type = "IN";
  std::string address_type = "IP4";
  std::string address = "0.0.0.0";
  friend bool operator==(const Origin&, const Origin&) = default;
};

/// `c=` (RFC 8866 §5.7). The address is a literal, a name, or a multicast literal with "/ttl".
struct Connection {
  std::string network_type = "IN";
  std::string address_type = "IP4";
  std::string address = "0.0.0.0";

  static Connection to(const base::IpAddress& address);
  /// An error when the address is a name or multicast range.
  [[nodiscard]] base::Result<base::IpAddress> ip() const;
  friend bool operator==(const Connection&, const Connection&) = default;
};

/// What `a=rtpmap` says of a payload type (RFC 8866 §6.6), or RFC 3551 for the static ones.
struct RtpMap {
  std::string encoding;  ///< "PCMU"; compared without regard to case.
  std::uint32_t clock_rate = 0;
  std::uint32_t channels = 1;
  friend bool operator==(const RtpMap&, const RtpMap&) = default;
};

/// One `m=` section.
struct Media {
  std::string type = "audio";
  std::uint16_t port = 0;
  std::uint16_t port_count = 1;
  std::string protocol = "RTP/AVP";
  std::vector<std::string> formats;
  std::optional<Connection> connection;
  std::vector<Line> others;  ///< i=, b=, k=, further c=, and what is unknown.
  Attributes attributes;

  /// None when this section says nothing of it.
  [[nodiscard]] std::optional<Direction> direction() const noexcept;
  /// Replaces all direction attributes by this one.
  void set_direction(Direction direction);
  /// `a=ptime`, 1 … 1000 ms; anything else counts as none.
  [[nodiscard]] std::optional<std::chrono::milliseconds> ptime() const noexcept;
  [[nodiscard]] std::optional<std::chrono::milliseconds> max_ptime() const noexcept;
  /// From `a=rtpmap`, else the static types of RFC 3551; none when the number has no meaning.
  [[nodiscard]] std::optional<RtpMap> rtpmap(PayloadType format) const;
  /// The parameters of `a=fmtp`, empty when there are none. A view into this object.
  [[nodiscard]] std::string_view fmtp(PayloadType format) const noexcept;
  /// The formats that are payload types, in order of preference.
  [[nodiscard]] std::vector<PayloadType> payload_types() const;
  friend bool operator==(const Media&, const Media&) = default;
};

/// A whole session description. Written back, it has the same lines in the order that RFC 8866 §5 prescribes.
struct Description {
  Origin origin;
  std::string session_name = "-";
  std::optional<Connection> connection;
  std::vector<Line> times;   ///< t=, r=, z=. None is written as "t=0 0".
  std::vector<Line> others;  ///< i=, u=, e=, p=, b=, k=, and what is unknown.
  Attributes attributes;
  std::vector<Media> media;

  static constexpr std::size_t kMaxSize = 64 * 1024;
  static constexpr std::size_t kMaxMedia = 64;
  static constexpr std::size_t kMaxAttributes = 1024;  ///< Of the session and all its media together.
  static constexpr std::size_t kMaxOtherLines = 1024;
  static constexpr std::size_t kMaxFormats = 256;  ///< Of one medium.

  /// Lines end with CRLF or LF; a missing `s=` or `t=` is forgiven. Errors name the line (from 1) and the reason.
  static base::Result<Description> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  /// Of that medium, else of the session; null when neither has one.
  [[nodiscard]] const Connection* connection_of(const Media& section) const noexcept;
  /// Of that medium, else of the session, else SendRecv.
  [[nodiscard]] Direction direction_of(const Media& section) const noexcept;
  /// Where that medium wants its RTP. An error when there is no literal address or the port is 0.
  [[nodiscard]] base::Result<base::SocketAddress> rtp_address_of(const Media& section) const;
  /// Where that medium wants its RTCP: `a=rtcp` (RFC 3605), else one port above.
  [[nodiscard]] base::Result<base::SocketAddress> rtcp_address_of(const Media& section) const;
  /// The writer does not want to hear: the address is 0.0.0.0 or ::, or the direction sendonly or inactive.
  [[nodiscard]] bool is_held(const Media& section) const noexcept;
  friend bool operator==(const Description&, const Description&) = default;
};

}  // namespace callwright::sdp
