#include "media/stream_set.hpp"

#include <utility>

namespace callwright::media {

Stream& StreamSet::add(StreamId id, std::string cname) {
  auto stream = std::make_unique<Stream>(id, std::move(cname), random_, identity_, output_);
  return *streams_.insert_or_assign(id, std::move(stream)).first->second;
}

Stream* StreamSet::find(StreamId id) noexcept {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

void StreamSet::remove(StreamId id) {
  part(id);
  streams_.erase(id);
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
  return *conferences_.insert_or_assign(id, std::make_unique<Conference>(id, options, output_)).first->second;
}

Conference* StreamSet::find_conference(ConferenceId id) noexcept {
  const auto found = conferences_.find(id);
  return found == conferences_.end() ? nullptr : found->second.get();
}

Sounding* StreamSet::find_sounding(StreamId id) noexcept {
  Stream* const stream = find(id);
  return stream != nullptr ? static_cast<Sounding*>(stream) : find_conference(id);
}

void StreamSet::remove_conference(ConferenceId id) { conferences_.erase(id); }

void StreamSet::confer(ConferenceId conference, StreamId stream, const ConferenceParty& party) {
  Conference* const all = find_conference(conference);
  Stream* const one = find(stream);
  if (all != nullptr && one != nullptr) {
    all->add(*one, party);
  }
}

void StreamSet::tick(base::TimePoint now, base::WallTime wall) {
  for (auto& [id, stream] : streams_) {
    stream->tick(now, wall);
  }
  for (auto& [id, conference] : conferences_) {
    conference->tick(now);
  }
}

}  // namespace callwright::media
