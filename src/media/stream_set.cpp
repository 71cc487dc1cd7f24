#include "media/stream_set.hpp"

#include <algorithm>
#include <utility>

namespace callwright::media {
namespace {

/// Streams, or conferences, of a slot before the next one is begun. A stream takes some ten microseconds.
constexpr std::size_t kFull = 32;

template <class Placed>
void put(std::vector<Placed*>& slot, Placed& placed) {
  placed.place.index = slot.size();
  slot.push_back(&placed);
}

/// The last one takes its place.
template <class Placed>
void take_out(std::vector<Placed*>& slot, const Placed& placed) {
  slot[placed.place.index] = slot.back();
  slot[placed.place.index]->place.index = placed.place.index;
  slot.pop_back();
}

}  // namespace

unsigned StreamSet::next_slot() const noexcept {
  const auto roomy = std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.size() < kFull; });
  const auto chosen = roomy != slots_.end()
                          ? roomy
                          : std::min_element(slots_.begin(), slots_.end(), [](const Slot& one, const Slot& other) { return one.size() < other.size(); });
  return static_cast<unsigned>(chosen - slots_.begin());
}

Stream& StreamSet::add(StreamId id, std::string cname, StreamOutput& output) {
  const unsigned slot = next_slot();
  auto& placed = streams_.emplace(id, Placed<Stream>{std::make_unique<Stream>(id, std::move(cname), random_, identity_, output), Place{slot}}).first->second;
  put(slots_[slot].streams, placed);
  return *placed.sound;
}

Stream* StreamSet::find(StreamId id) noexcept {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.sound.get();
}

void StreamSet::remove(StreamId id) {
  part(id);
  if (const auto found = streams_.find(id); found != streams_.end()) {
    take_out(slots_[found->second.place.slot].streams, found->second);
    streams_.erase(found);
  }
}

void StreamSet::join(StreamId one, StreamId other) {
  Stream* const first = find(one);
  Stream* const second = find(other);
  if (first != nullptr && second != nullptr) {
    first->join(*second);
  }
}

void StreamSet::part(StreamId id) {
  if (Stream* const stream = find(id)) {
    stream->part();
  }
}

Conference& StreamSet::add_conference(ConferenceId id, const ConferenceOptions& options) {
  const unsigned slot = next_slot();
  auto& placed = conferences_.emplace(id, Placed<Conference>{std::make_unique<Conference>(id, options, events_), Place{slot}}).first->second;
  put(slots_[slot].conferences, placed);
  return *placed.sound;
}

Conference* StreamSet::find_conference(ConferenceId id) noexcept {
  const auto found = conferences_.find(id);
  return found == conferences_.end() ? nullptr : found->second.sound.get();
}

Sounding* StreamSet::find_sounding(StreamId id) noexcept {
  Stream* const stream = find(id);
  return stream != nullptr ? static_cast<Sounding*>(stream) : find_conference(id);
}

void StreamSet::remove_conference(ConferenceId id) {
  if (const auto found = conferences_.find(id); found != conferences_.end()) {
    take_out(slots_[found->second.place.slot].conferences, found->second);
    conferences_.erase(found);
  }
}

void StreamSet::confer(ConferenceId conference, StreamId stream, const ConferenceParty& party) {
  Conference* const all = find_conference(conference);
  Stream* const one = find(stream);
  if (all != nullptr && one != nullptr) {
    all->add(*one, party);
  }
}

void StreamSet::tick(unsigned slot, base::TimePoint now, base::WallTime wall) {
  for (const auto* const placed : slots_[slot].streams) {
    placed->sound->tick(now, wall);
  }
  for (const auto* const placed : slots_[slot].conferences) {
    placed->sound->tick(now);
  }
}

void StreamSet::tick(base::TimePoint now, base::WallTime wall) {
  for (unsigned slot = 0; slot < kSlots; ++slot) {
    tick(slot, now, wall);
  }
}

}  // namespace callwright::media
