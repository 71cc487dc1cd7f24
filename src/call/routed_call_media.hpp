#pragma once

#include "call/routed_call.hpp"

/// What a RoutedCall makes on demand. For its own files only.
namespace callwright::call {

/// RFC 3326 §2: the phone need not show a missed call.
inline const sip::Reason kCompletedElsewhere{"SIP", 200, "Call completed elsewhere"};

/// Kept while it rings, where media may have to pass through the exchange.
struct RoutedCall::Media {
  /// An attempt for which the exchange chooses by itself; where media bypass it, the target may be called again with our description.
  struct Automatic {
    const sip::InviteSession* attempt = nullptr;
    const Target* target = nullptr;  ///< Of the options of the call.
  };
  std::unique_ptr<BridgeMedia> bridge;  ///< Null as long as no attempt needs it.
  std::vector<Automatic> automatic;
};

}  // namespace callwright::call
