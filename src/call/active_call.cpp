#include "call/active_call.hpp"

#include "call/bridge_media.hpp"

#include <utility>

namespace callwright::call {

using base::Errc;
using base::Error;
using base::Result;

ReleasedParties::ReleasedParties() = default;
ReleasedParties::ReleasedParties(ReleasedParties&&) noexcept = default;
ReleasedParties::~ReleasedParties() = default;

Result<std::vector<media::StreamId>> ActiveCall::streams(const std::string& /*call_id*/, std::optional<Side> /*party*/) {
  return Error(Errc::WrongState, "The call is not up");
}

void ActiveCall::take_media_in(std::function<void(const Result<void>&)> done) { done(Error(Errc::WrongState, "The call is not up")); }

ReleasedParties ActiveCall::release(const std::string& /*call_id*/, std::optional<Side> /*party*/) { return {}; }

}  // namespace callwright::call
