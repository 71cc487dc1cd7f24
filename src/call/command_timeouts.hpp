#pragma once

#include "base/clock.hpp"

#include <chrono>

namespace callwright::call {

/// Deadlines of a command.
struct CommandTimeouts {
  base::Duration ring = std::chrono::minutes(2);            ///< For a phone to answer.
  base::Duration refer_answer = std::chrono::seconds(4);    ///< For a phone to answer REFER; after it the exchange makes the call itself.
  base::Duration referred_call = std::chrono::seconds(32);  ///< For the call that a phone has agreed to make.
  base::Duration media_answer = std::chrono::seconds(10);   ///< For a phone to answer the offer of another.
};

}  // namespace callwright::call
