#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

#include <string>
#include <string_view>
#include <vector>

/// What the exchange does with the calls of a user besides ringing his phones (RFC 5359 §2.7 to §2.14). Values; the functions are pure.
namespace callwright::call {

/// Where calls go instead. Each place is a user or number of this exchange ("carol", "0301234") or a `sip:` URI; "" for nowhere.
struct Forwarding {
  std::string always = {};
  std::string busy = {};
  std::string no_answer = {};      ///< Also when no phone of the user can be reached.
  std::chrono::seconds after{20};  ///< For `no_answer`.

  friend bool operator==(const Forwarding&, const Forwarding&) = default;
};

/// Places that ring at once for a time; the next follow when nobody answers.
struct FindMeStep {
  static constexpr std::string_view kPhones = "phones";  ///< The place that means the user's own phones.

  std::vector<std::string> places = {};  ///< As in Forwarding, or `kPhones`.
  std::chrono::seconds time{20};

  friend bool operator==(const FindMeStep&, const FindMeStep&) = default;
};

/// Who may call, or whom. Who matches `allow` passes, who matches `deny` does not; others pass unless there is only an `allow`. An entry is a user or number
/// ("bob", of whatever host), "user@host", a prefix of either that ends in '*', or for callers "anonymous".
struct Screening {
  std::vector<std::string> allow = {};
  std::vector<std::string> deny = {};

  friend bool operator==(const Screening&, const Screening&) = default;
};

struct UserFeatures {
  static constexpr std::size_t kMaxSteps = 10;
  static constexpr std::size_t kMaxPlaces = 10;  ///< Of a step.
  static constexpr std::size_t kMaxEntries = 1000;
  static constexpr std::size_t kMaxText = 256;
  static constexpr std::chrono::seconds kMaxTime{600};

  Forwarding forward = {};
  std::vector<FindMeStep> find_me = {};  ///< Empty: the user's phones ring.
  Screening incoming = {};
  Screening outgoing = {};
  bool do_not_disturb = false;  ///< As if busy.

  friend bool operator==(const UserFeatures&, const UserFeatures&) = default;
};

/// Those that are to be other than they are.
struct FeatureChange {
  std::optional<Forwarding> forward = {};
  std::optional<std::vector<FindMeStep>> find_me = {};
  std::optional<Screening> incoming = {};
  std::optional<Screening> outgoing = {};
  std::optional<bool> do_not_disturb = {};

  void apply_to(UserFeatures& features) const;
};

/// Errors: InvalidArgument, which says what is wrong: "forward.busy: expected …".
[[nodiscard]] base::Result<void> check(const UserFeatures& features);

/// A party as a Screening sees it.
struct ScreenedParty {
  std::string uri = {};  ///< "" when it is not known.
  bool anonymous = false;
};
enum class ScreeningVerdict { Passes, Denied, DeniedForAnonymity };
[[nodiscard]] ScreeningVerdict screen(const Screening& screening, const ScreenedParty& party);

}  // namespace callwright::call
