#include "call/conference_rooms.hpp"

#include <algorithm>

namespace callwright::call {

const ConferenceRoom* ConferenceRooms::find(std::string_view number) const noexcept {
  const auto found = std::find_if(rooms_.begin(), rooms_.end(), [number](const ConferenceRoom& room) { return room.number == number; });
  return found == rooms_.end() ? nullptr : &*found;
}

void ConferenceRooms::receive(Switchboard& switchboard, const ConferenceRoom& room, sip::ServerTransaction& transaction, const sip::Message& invite) {
  Conference*& conference = open_[&room];
  if (conference == nullptr) {
    const auto opened = Conference::open(switchboard, media_, {.kind = Conference::Kind::Room, .max_parties = room.max_parties, .tones = room.tones});
    if (!opened) {
      transaction.respond({.status = 503});
      return;
    }
    conference = *opened;
  }
  conference->receive(transaction, invite);
}

void ConferenceRooms::on_finished(const ActiveCall& call) {
  std::erase_if(open_, [&call](const auto& entry) { return entry.second == &call; });
  std::erase_if(created_, [&call](const auto& entry) { return entry.second == &call; });
}

Conference* ConferenceRooms::open_conference(std::string_view name) const {
  if (const auto created = created_.find(name); created != created_.end()) {
    return created->second;
  }
  const auto open = open_.find(find(name));
  return open == open_.end() ? nullptr : open->second;
}

base::Result<void> ConferenceRooms::create(Switchboard& switchboard, const std::string& name, const Conference::Options& options) {
  const auto opened = Conference::open(switchboard, media_, options);
  if (!opened) {
    return opened.error();
  }
  created_[name] = *opened;
  return base::ok();
}

}  // namespace callwright::call
