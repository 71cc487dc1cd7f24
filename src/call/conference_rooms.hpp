#pragma once

#include "call/conference.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace callwright::call {

/// A number that leads into a conference.
struct ConferenceRoom {
  std::string number;  ///< The user of its URI.
  std::size_t max_parties = 100;
  Conference::Tones tones = Conference::Tones::Off;
};

/// The numbers to call, and the conferences that are open there now. Engine thread.
class ConferenceRooms {
 public:
  ConferenceRooms(ConferenceMedia media, std::vector<ConferenceRoom> rooms) : media_(std::move(media)), rooms_(std::move(rooms)) {}

  [[nodiscard]] ConferenceMedia& media() noexcept { return media_; }
  /// Null: there is no such room.
  [[nodiscard]] const ConferenceRoom* find(std::string_view number) const noexcept;
  /// Lets the caller in; the first one opens the conference.
  void receive(Switchboard& switchboard, const ConferenceRoom& room, sip::ServerTransaction& transaction, const sip::Message& invite);
  void on_finished(const ActiveCall& call);

  /// A conference that an API has made, or one that is open in a room; null: there is none of that name.
  [[nodiscard]] Conference* open_conference(std::string_view name) const;
  /// Whether there is a room or a conference of that name.
  [[nodiscard]] bool knows(std::string_view name) const { return find(name) != nullptr || open_conference(name) != nullptr; }
  /// Errors: those of `Conference::open`.
  base::Result<void> create(Switchboard& switchboard, const std::string& name, const Conference::Options& options);

 private:
  ConferenceMedia media_;
  std::vector<ConferenceRoom> rooms_;
  std::unordered_map<const ConferenceRoom*, Conference*> open_;
  std::map<std::string, Conference*, std::less<>> created_;
};

}  // namespace callwright::call
