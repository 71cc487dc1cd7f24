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
  Stream& stream = streams_[leg->stream()];
  stream.port = &port;
  stream.leg = leg.get();
  stream.owner = &owner;
  return leg;
}

void LegStreams::take_back(std::unique_ptr<LegMedia> leg) {
  const auto found = streams_.find(leg->stream());
  tell_of_end(found->second);
  Stream& stream = found->second;
  if (stream.name.call_id.empty() || leg->negotiated() == nullptr) {
    streams_.erase(found);  // The leg abandons its stream.
    return;
  }
  stream.owner = nullptr;
  stream.leg = nullptr;
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
  if (const auto* const measured = std::get_if<media::Measured>(&event.what)) {
    tell_quality(found->second, measured->statistics);
  } else if (std::holds_alternative<media::SourceEnded>(event.what) && found->second.play_ended) {
    end_playing(found->second, event.stream, PlayEnd::Played, {});
  } else if (const auto* const failed = std::get_if<media::FileFailed>(&event.what); failed != nullptr && found->second.play_ended) {
    end_playing(found->second, event.stream, PlayEnd::Failed, failed->error.message());
  } else if (found->second.owner != nullptr) {
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

void LegStreams::set_background(media::StreamId id, const media::SourceSpec& source) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) {
    return;
  }
  found->second.background = source;
  if (!found->second.play_ended) {
    found->second.port->set_source(id, source);
  }
}

void LegStreams::play(media::StreamId id, const media::SourceSpec& source, OnPlayEnd ended) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) {
    return;
  }
  OnPlayEnd before = std::exchange(found->second.play_ended, std::move(ended));
  found->second.port->set_source(id, source);
  if (before) {
    before(PlayEnd::Stopped, {});
  }
}

bool LegStreams::stop_playing(media::StreamId id) {
  const auto found = streams_.find(id);
  const bool plays = found != streams_.end() && found->second.play_ended;
  if (plays) {
    end_playing(found->second, id, PlayEnd::Stopped, {});
  }
  return plays;
}

void LegStreams::end_playing(Stream& stream, media::StreamId id, PlayEnd how, const std::string& why) {
  stream.port->set_source(id, stream.background);
  std::exchange(stream.play_ended, nullptr)(how, why);
}

void LegStreams::watch(media::StreamId id, std::function<void()> gone) {
  if (const auto found = streams_.find(id); found != streams_.end()) {
    found->second.watchers.push_back(std::move(gone));
  }
}

bool LegStreams::measure(media::StreamId id, OnMeasured told) {
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second.leg == nullptr) {
    return false;
  }
  found->second.measuring.push_back(std::move(told));
  found->second.port->measure(id);
  return true;
}

/// Whoever asked first is told with those that asked since: what is known is known to all.
void LegStreams::tell_quality(Stream& stream, const media::StreamStatistics& statistics) {
  const sdp::Negotiated* const agreed = stream.leg == nullptr ? nullptr : stream.leg->negotiated();
  const LegQuality quality{stream.name.leg, stream.name.party, agreed == nullptr ? std::string() : agreed->codec.name, statistics};
  for (const OnMeasured& told : std::exchange(stream.measuring, {})) {
    told(&quality);
  }
}

/// They only note it: whoever lets a leg go is in the middle of something.
void LegStreams::tell_of_end(Stream& stream) {
  if (const OnPlayEnd ended = std::exchange(stream.play_ended, nullptr)) {
    ended(PlayEnd::Gone, {});
  }
  for (const std::function<void()>& gone : std::exchange(stream.watchers, {})) {
    gone();
  }
  for (const OnMeasured& told : std::exchange(stream.measuring, {})) {
    told(nullptr);
  }
}

std::string party_of(const sip::Dialog& dialog) {
  const auto party = sip::NameAddr::parse(dialog.remote);
  return party ? std::string(party->uri) : std::string();
}

}  // namespace callwright::call
