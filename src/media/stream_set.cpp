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

void StreamSet::tick(base::TimePoint now, base::WallTime wall) {
  for (auto& [id, stream] : streams_) {
    stream->tick(now, wall);
  }
}

}  // namespace callwright::media
