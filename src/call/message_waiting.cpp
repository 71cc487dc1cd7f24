#include "call/message_waiting.hpp"

namespace callwright::call {

std::string message_summary(const WaitingMessages& waiting, std::string_view account) {
  std::string text = waiting.fresh > 0 ? "Messages-Waiting: yes\r\n" : "Messages-Waiting: no\r\n";
  text.append("Message-Account: ").append(account).append("\r\n");
  text.append("Voice-Message: ").append(std::to_string(waiting.fresh)).append("/").append(std::to_string(waiting.old));
  text.append(" (").append(std::to_string(waiting.urgent_fresh)).append("/").append(std::to_string(waiting.urgent_old)).append(")\r\n");
  return text;
}

std::string MessageSummary::body(const sip::EventView& view) {
  const auto found = waiting_.find(view.resource);
  return message_summary(found == waiting_.end() ? WaitingMessages{} : found->second, view.entity);
}

bool MessageSummary::set(const std::string& user, const WaitingMessages& waiting) {
  const auto found = waiting_.find(user);
  if ((found == waiting_.end() ? WaitingMessages{} : found->second) == waiting) {
    return false;
  }
  if (waiting == WaitingMessages{}) {
    waiting_.erase(found);
  } else {
    waiting_[user] = waiting;
  }
  return true;
}

}  // namespace callwright::call
