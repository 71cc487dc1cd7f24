#pragma once

#include "base/destroy_later.hpp"
#include "call/routing.hpp"
#include "sip/user_agent.hpp"

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace callwright::call {

/// Passes MESSAGE requests outside dialogs (RFC 3428) on to all places where a user can be reached; the first 2xx is the answer, or the best refusal.
/// Engine thread.
class MessageRelay {
 public:
  static constexpr std::size_t kMaxBody = 16 * 1024;
  static constexpr std::size_t kMaxPending = 10'000;

  explicit MessageRelay(sip::UserAgent& user_agent);
  ~MessageRelay();
  MessageRelay(const MessageRelay&) = delete;
  MessageRelay& operator=(const MessageRelay&) = delete;

  /// A MESSAGE from somebody who may send it, to at least one target. `headers` are ready-made lines for the answer.
  void relay(sip::ServerTransaction& transaction, const sip::Message& request, const std::vector<Target>& targets, std::string_view headers);
  [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }

 private:
  class Pending;
  void finish(Pending& pending);

  sip::UserAgent& user_agent_;
  std::unordered_map<Pending*, std::unique_ptr<Pending>> pending_;
  base::DestroyLater<Pending> finished_;
};

}  // namespace callwright::call
