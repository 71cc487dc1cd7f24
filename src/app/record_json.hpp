#pragma once

#include "base/clock.hpp"
#include "call/call_records.hpp"
#include "net/webhook.hpp"

#include <string>

namespace callwright::app {

/// A call record as a line of JSON (docs/records.md).
[[nodiscard]] std::string record_json(const call::CallRecord& record);
/// A record that the webhook did not take, as a line of JSON.
[[nodiscard]] std::string dead_letter_json(const net::Webhook::Undelivered& letter, base::WallTime now);

}  // namespace callwright::app
