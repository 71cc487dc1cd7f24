#pragma once

#include "base/clock.hpp"
#include "call/feature_book.hpp"
#include "call/redirection_history.hpp"
#include "call/routing.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace callwright::call {

/// Where a call to a user goes, one step after the other, until somebody answers: his phones, the places where he may be found, and whoever gets his calls
/// instead (RFC 5359 §2.7 to §2.9, §2.12). Whoever forwards a call must be allowed to call there himself. Engine thread.
class CallCourse {
 public:
  struct Caller {
    ScreenedParty party;
    bool hides_history = false;            ///< `Privacy: history` or `header`: users are not told who forwarded the call.
    unsigned hops = 0;                     ///< How often the call has been forwarded before it came here;
    RedirectionHistory redirections = {};  ///< this, as far as it is to be told.
  };
  /// The exchange around it.
  struct Surroundings {
    const FeatureBook& features;                                      ///< Outlives it.
    std::function<std::string(std::string_view uri)> user_of;         ///< The account that a URI names, or "".
    std::function<Routing::Found(std::string_view uri)> find_places;  ///< As a phone of this exchange may call them.
    std::string home;                                                 ///< Host of places that name none.
    base::Duration ring_timeout{};
  };

  /// What rings next.
  struct Step {
    std::vector<Target> targets;  ///< At least one.
    base::Duration time{};
    unsigned hops = 0;              ///< How often the call has been forwarded here so far.
    std::string forwarded_to = {};  ///< A URI, when it has been just now; else "".
  };
  /// Nothing does (any more). 0: for no other reason than those that the places gave.
  struct Refusal {
    int status = 0;
    std::string reason = {};
  };
  using Next = std::variant<Step, Refusal>;
  /// What became of a step; of several reasons the first of these counts.
  enum class Outcome : std::uint8_t { NoAnswer, Busy, Refused, Declined };

  /// A call is forwarded no more often than this, counting what its Diversion fields tell.
  static constexpr unsigned kMaxHops = 5;

  CallCourse(Surroundings surroundings, Caller caller) : exchange_(std::move(surroundings)), caller_(std::move(caller)) {}

  /// The first step of a call to this URI.
  [[nodiscard]] Next begin(const std::string& uri) { return visit(uri); }
  [[nodiscard]] Next after(Outcome outcome);
  /// A phone has sent the call elsewhere (RFC 5359 §2.7, by 302).
  [[nodiscard]] Next moved(const std::string& uri) { return forward(uri, Cause::Deflected); }
  /// Whether other places may follow the present ones.
  [[nodiscard]] bool may_go_on() const;

 private:
  using Cause = RedirectionHistory::Cause;

  [[nodiscard]] Next visit(const std::string& uri);
  [[nodiscard]] Next next_step();
  [[nodiscard]] Next leave();
  [[nodiscard]] Next forward(const std::string& place, Cause cause);
  [[nodiscard]] Next ring(const std::string& uri);
  [[nodiscard]] Next end(Refusal refusal);
  [[nodiscard]] Step step_of(std::vector<Target> targets, base::Duration time);
  void add_places(const std::string& uri, const RedirectionHistory& told, std::vector<Target>& targets);
  void add_elsewhere(const std::string& place, std::vector<Target>& targets);
  [[nodiscard]] bool may_forward_to(const std::string& uri) const;
  [[nodiscard]] std::string uri_of(const std::string& place) const;
  [[nodiscard]] std::size_t steps() const noexcept { return features_->find_me.empty() ? 1 : features_->find_me.size(); }

  Surroundings exchange_;
  Caller caller_;
  std::vector<std::string> visited_;              ///< Users.
  std::shared_ptr<const UserFeatures> features_;  ///< Of whom is called now; null: nothing follows.
  std::string uri_;                               ///< His.
  std::size_t next_ = 0;                          ///< Of his steps.
  Outcome outcome_ = Outcome::Declined;           ///< Of his steps so far.
  int unreachable_ = 0;                           ///< Why nothing of his could ring; 0: something did.
  unsigned hops_ = 0;                             ///< Here.
  std::string forwarded_to_;                      ///< Since the last step.
};

}  // namespace callwright::call
