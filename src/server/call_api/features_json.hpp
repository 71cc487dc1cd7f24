#pragma once

#include "base/result.hpp"
#include "call/user_features.hpp"
#include "server/call_api/json.hpp"

namespace callwright::server::call_api {

/// `{"do_not_disturb":false,"find_me":[…],"forward":{…},"screening":{…}}`, all of it.
[[nodiscard]] Json to_json(const call::UserFeatures& features);

/// What the members of these names in `object` say; others are passed over, but not those within them. Errors: InvalidArgument, as `call::check`.
[[nodiscard]] base::Result<call::FeatureChange> read_features(const Json& object);

}  // namespace callwright::server::call_api
