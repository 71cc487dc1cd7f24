#include "call/user_features.hpp"

#include "sip/uri.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::string_view kAnonymous = "anonymous";

bool is_uri(std::string_view text) { return text.starts_with("sip:"); }

/// A place as it may be called: nothing in it ends a URI.
bool is_place(std::string_view text) {
  if (text.empty() || text.size() > UserFeatures::kMaxText || !sip::is_header_safe(text) || text.find_first_of("<>\" ,") != std::string_view::npos) {
    return false;
  }
  if (!is_uri(text)) {
    return text.find_first_of("@:;?/") == std::string_view::npos && sip::UriView::parse("sip:" + std::string(text) + "@host").has_value();
  }
  const auto uri = sip::UriView::parse(text);
  return uri && !uri->user.empty() && uri->headers.empty();
}

Result<void> wrong(std::string_view where, std::string_view expected) {
  return Error(Errc::InvalidArgument, std::string(where) + ": expected " + std::string(expected));
}

constexpr std::string_view kPlace = "a user or number such as \"carol\", or a URI such as \"sip:carol@example.com\"";
constexpr std::string_view kTime = "seconds, 1 to 600";

bool is_time(std::chrono::seconds time) { return time >= std::chrono::seconds(1) && time <= UserFeatures::kMaxTime; }

Result<void> check(const Forwarding& forward) {
  for (const auto& [name, place] : {std::pair{"forward.always", &forward.always}, {"forward.busy", &forward.busy}, {"forward.no_answer", &forward.no_answer}}) {
    if (!place->empty() && !is_place(*place)) {
      return wrong(name, kPlace);
    }
  }
  return is_time(forward.after) ? base::ok() : wrong("forward.after_s", kTime);
}

Result<void> check(const std::vector<FindMeStep>& steps) {
  if (steps.size() > UserFeatures::kMaxSteps) {
    return wrong("find_me", "10 steps at most");
  }
  for (const FindMeStep& step : steps) {
    if (step.places.empty() || step.places.size() > UserFeatures::kMaxPlaces || !std::all_of(step.places.begin(), step.places.end(), is_place)) {
      return wrong("find_me.to", "\"phones\", a user, a number or a URI, or a list of 1 to 10 of them");
    }
    if (!is_time(step.time)) {
      return wrong("find_me.time_s", kTime);
    }
  }
  return base::ok();
}

bool is_entry(std::string_view entry) {
  return !entry.empty() && entry.size() <= UserFeatures::kMaxText && sip::is_header_safe(entry) && entry.find_first_of("<>\" ,") == std::string_view::npos &&
         entry.find('*') >= entry.size() - 1;
}

Result<void> check(const Screening& screening, std::string_view name) {
  for (const auto* const list : {&screening.allow, &screening.deny}) {
    if (list->size() > UserFeatures::kMaxEntries || !std::all_of(list->begin(), list->end(), is_entry)) {
      return wrong(name, "lists of up to 1000 users, numbers or prefixes such as \"0900*\", \"bob@example.com\" or \"anonymous\"");
    }
  }
  return base::ok();
}

bool matches(std::string_view entry, const ScreenedParty& party, std::string_view user, std::string_view address) {
  if (entry == kAnonymous) {
    return party.anonymous;
  }
  entry.remove_prefix(is_uri(entry) ? 4 : 0);
  if (!entry.ends_with('*')) {
    return entry == user || entry == address;
  }
  const std::string_view prefix = entry.substr(0, entry.size() - 1);
  return user.starts_with(prefix) || address.starts_with(prefix);
}

}  // namespace

void FeatureChange::apply_to(UserFeatures& features) const {
  features.forward = forward.value_or(std::move(features.forward));
  features.find_me = find_me.value_or(std::move(features.find_me));
  features.incoming = incoming.value_or(std::move(features.incoming));
  features.outgoing = outgoing.value_or(std::move(features.outgoing));
  features.do_not_disturb = do_not_disturb.value_or(features.do_not_disturb);
}

Result<void> check(const UserFeatures& features) {
  for (auto checked :
       {check(features.forward), check(features.find_me), check(features.incoming, "screening.incoming"), check(features.outgoing, "screening.outgoing")}) {
    if (!checked) {
      return checked;
    }
  }
  return base::ok();
}

ScreeningVerdict screen(const Screening& screening, const ScreenedParty& party) {
  if (screening.allow.empty() && screening.deny.empty()) {
    return ScreeningVerdict::Passes;
  }
  const auto uri = sip::UriView::parse(party.uri);
  const std::string user = uri ? sip::unescape(uri->user) : std::string();
  const std::string address = uri ? uri->address_of_record() : std::string();
  const auto is_listed = [&](const std::string& entry) { return matches(entry, party, user, address); };
  if (std::any_of(screening.allow.begin(), screening.allow.end(), is_listed)) {
    return ScreeningVerdict::Passes;
  }
  const auto denied = std::find_if(screening.deny.begin(), screening.deny.end(), is_listed);
  if (denied != screening.deny.end()) {
    return *denied == kAnonymous ? ScreeningVerdict::DeniedForAnonymity : ScreeningVerdict::Denied;
  }
  return screening.deny.empty() ? ScreeningVerdict::Denied : ScreeningVerdict::Passes;
}

}  // namespace callwright::call
