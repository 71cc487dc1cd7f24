#include "sip/match_key.hpp"

#include <xxhash.h>

namespace callwright::sip {

MatchKey MatchKeyMaker::operator()(std::string_view text) const noexcept {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), seed_);
  return {hash.low64, hash.high64};
}

}  // namespace callwright::sip
