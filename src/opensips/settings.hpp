#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <string>

namespace callwright::opensips {

/// What the connector is told. Every wait has its deadline here.
struct Settings {
  std::string event_socket = "udp:127.0.0.1:0";              ///< Where the proxy sends its events, in its own spelling: "udp:IPV4:PORT" or "unix:PATH".
  std::string sip_uri = "sip:127.0.0.1:5060";                ///< The proxy: what CallStart sends goes through its routing script.
  base::Duration answer_timeout = std::chrono::seconds(10);  ///< Of a request that the proxy answers at once.
  std::chrono::seconds subscription{120};                    ///< Renewed three times in this time.
  base::Duration ring_timeout = std::chrono::seconds(120);
  base::Duration refer_timeout = std::chrono::seconds(4);      ///< After that, the proxy does without the phone's help, if it may.
  base::Duration transfer_timeout = std::chrono::seconds(32);  ///< How long a phone may take to follow a REFER where nothing else can be done.
  base::Duration hold_timeout = std::chrono::seconds(10);
  bool third_party = true;  ///< Module b2b_entities is there, for phones without REFER.
};

}  // namespace callwright::opensips
