#pragma once

#include "server/call_api/json.hpp"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The Call API as programs read it: an OpenRPC document (https://spec.open-rpc.org), whose methods are checked against those of `command.hpp` by a test.
namespace callwright::server::call_api {

enum class ParameterType { Text, Uri, CallId, Keys, Codecs, Headers, Word, Count, Flag, Forwarding, FindMe, Screening };

struct ParameterInfo {
  std::string_view name;
  ParameterType type = ParameterType::Text;
  enum class Presence { Required, Optional } presence = Presence::Required;
  std::string_view summary;
  std::vector<std::string_view> words = {};  ///< Of a Word: all that there are.
  std::uint64_t least = 0;                   ///< Of a Count,
  std::uint64_t most = 0;                    ///< as this; 0: any.
};

struct MethodInfo {
  std::string_view name;
  std::string_view summary;
  std::vector<ParameterInfo> parameters;  ///< Without `cmd_id`, which all of them take.
  std::vector<std::string_view> events;   ///< Without Error and Ended, which all of them may have.
};

/// All methods but `rpc.discover`.
[[nodiscard]] const std::vector<MethodInfo>& method_infos();
/// The document, for this version of the product, as JSON text.
[[nodiscard]] const std::string& openrpc_text();

}  // namespace callwright::server::call_api
