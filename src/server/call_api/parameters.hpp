#pragma once

#include "call/active_call.hpp"
#include "sdp/offer_answer.hpp"
#include "server/call_api/json.hpp"
#include "server/call_api/rpc_error.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::server::call_api {

[[nodiscard]] bool is_control(char character) noexcept;
/// It could end a header field or a URI.
[[nodiscard]] bool is_unsafe(char character) noexcept;
/// RFC 3261 §25.1: callid = word [ "@" word ], without '<' and '>'.
[[nodiscard]] bool is_call_id(std::string_view text) noexcept;

/// The parameters of a command, taken in the order in which the first one that is wrong is to be named.
class Parameters {
 public:
  explicit Parameters(const Json& params) noexcept : params_(params) {}

  /// What was wrong with the first that was; then nothing of what was taken counts.
  [[nodiscard]] const std::optional<RpcError>& error() const noexcept { return error_; }
  void refuse(std::string message) { refuse({RpcCode::InvalidParams, std::move(message)}); }
  [[nodiscard]] const Json& all() const noexcept { return params_; }

  [[nodiscard]] bool has(const std::string& name) const;
  /// A string, which must be there.
  std::string text(const std::string& name);
  /// A string of a sensible length.
  std::string name(const std::string& name);
  /// Words that may stand in a header field.
  std::string phrase(const std::string& name);
  /// A URI that may stand in a request line.
  std::string uri(const std::string& name);
  std::string call_id(const std::string& name);
  /// An object of header fields that a client may add, as lines of an INVITE.
  std::string header_lines(const std::string& name);
  /// Names with commas, or an array of them.
  std::vector<sdp::Codec> codecs(const std::string& name);
  /// "caller" or "callee".
  call::Side leg(const std::string& name);
  /// The same, or "both": nothing.
  std::optional<call::Side> leg_or_both(const std::string& name);
  /// A whole number from `least` to `most`, or its digits in a string; `otherwise` when it is not there.
  std::uint64_t number(const std::string& name, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise);
  /// true or false, or the same in a string; `otherwise` when it is not there.
  bool flag(const std::string& name, bool otherwise = false);
  /// One of these words, by its place; the first when it is not there.
  std::size_t word(const std::string& name, std::initializer_list<std::string_view> words);

 private:
  void refuse(RpcError error) {
    if (!error_) {
      error_ = std::move(error);
    }
  }

  const Json& params_;
  std::optional<RpcError> error_;
};

}  // namespace callwright::server::call_api
