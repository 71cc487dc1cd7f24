#pragma once

#include "call/active_call.hpp"
#include "sip/match_key.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace callwright::call {

/// The calls that there are, each found by the Call-IDs of its legs. A Call-ID names one call at a time: the latest that took it.
class CallTable {
 public:
  explicit CallTable(base::Random& random) : key_of_(random) {}

  void add(std::unique_ptr<ActiveCall> call);
  /// Gives the call a Call-ID; does nothing for a call that is not in the table.
  void name(std::string_view call_id, ActiveCall& call);
  /// Takes a Call-ID away from a call that has it.
  void unname(std::string_view call_id, ActiveCall& call);
  /// With all its names; null: it is not in the table.
  [[nodiscard]] std::unique_ptr<ActiveCall> take(ActiveCall& call);
  /// Destroys all. What they do with the table meanwhile finds nothing.
  void clear();

  /// Null: none.
  [[nodiscard]] ActiveCall* find(std::string_view call_id) const;
  [[nodiscard]] bool contains(ActiveCall& call) const { return calls_.contains(&call); }
  [[nodiscard]] std::size_t size() const noexcept { return calls_.size(); }
  /// In no order.
  [[nodiscard]] std::vector<ActiveCall*> all() const;

 private:
  struct Entry {
    std::unique_ptr<ActiveCall> call;
    boost::container::small_vector<sip::MatchKey, 2> names;
  };

  sip::MatchKeyMaker key_of_;
  boost::unordered_flat_map<ActiveCall*, Entry> calls_;
  sip::MatchTable<ActiveCall*> by_call_id_;
};

}  // namespace callwright::call
