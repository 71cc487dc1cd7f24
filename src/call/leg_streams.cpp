#include "call/leg_streams.hpp"

#include "sip/fields.hpp"

#include <utility>

namespace callwright::call {

void LegStreams::GiveBack::operator()(LegMedia* leg) const { streams->take_back(std::unique_ptr<LegMedia>(leg)); }

LegStreams::~LegStreams() {
  for (const auto& [id, stream] : streams_) {
    stream.port->abandon(id);
  }
}

base::Result<LegStreams::Leg> LegStreams::open(media::MediaPort& port, base::Random& random, media::MediaObserver& owner, LegMedia::Options options) {
  auto opened = LegMedia::open(port, random, *this, std::move(options));
  if (!opened) {
    return opened.error();
  }
  Leg leg(opened->release(), GiveBack{this});
  streams_[leg->stream()] = {&port, &owner, {}, {}};
  return leg;
}

void LegStreams::take_back(std::unique_ptr<LegMedia> leg) {
  const auto found = streams_.find(leg->stream());
  Stream& stream = found->second;
  if (stream.name.call_id.empty() || leg->negotiated() == nullptr) {
    streams_.erase(found);  // The leg abandons its stream.
    return;
  }
  stream.owner = nullptr;
  stream.codec = leg->negotiated()->codec.name;
  ++ending_[stream.name.call_id];
  leg->close();
}

std::size_t LegStreams::ending(const std::string& call_id) const {
  const auto found = ending_.find(call_id);
  return found == ending_.end() ? 0 : found->second;
}

void LegStreams::on_media_event(const media::StreamEvent& event) {
  const auto found = streams_.find(event.stream);
  if (found == streams_.end()) {
    return;
  }
  if (found->second.owner != nullptr) {
    found->second.owner->on_media_event(event);
  } else if (const auto* const ended = std::get_if<media::Ended>(&event.what)) {
    const Stream stream = std::move(found->second);
    streams_.erase(found);
    if (const auto count = ending_.find(stream.name.call_id); --count->second == 0) {
      ending_.erase(count);
    }
    report_(stream.name.call_id, MediaEnded{ended->statistics, stream.name.leg, stream.name.party, stream.codec});
  }
}

std::string party_of(const sip::Dialog& dialog) {
  const auto party = sip::NameAddr::parse(dialog.remote);
  return party ? std::string(party->uri) : std::string();
}

}  // namespace callwright::call
