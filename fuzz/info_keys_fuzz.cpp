#include "call/info_keys.hpp"
#include "require.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace call = callwright::call;

/// Any text as the body of an INFO: it is refused, or one key is read that is read again as it was.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const std::string_view type : {call::kDtmfRelay, call::kDtmf}) {
    if (const auto key = call::read_info_key(type, body)) {
      require(key->duration.count() >= 1 && key->duration.count() <= 10000);
      require(call::read_info_key(call::kDtmfRelay, call::write_info_key(call::kDtmfRelay, *key)).value() == *key);
    }
  }
  return 0;
}
