#include "media/conference.hpp"

#include "media/stream.hpp"

#include <algorithm>
#include <utility>

namespace callwright::media {
namespace {

constexpr std::chrono::milliseconds kLongestCatchUp{100};

audio::MixerParty mixer_party(const ConferenceParty& party, audio::SampleRate rate) {
  // Muted, so that who comes within a sound is not heard at once at its loudest.
  return {.role = party.role == ConferenceParty::Role::Talk ? audio::MixerParty::Role::Talk : audio::MixerParty::Role::Listen, .rate = rate, .muted = true};
}

}  // namespace

base::Result<void> ConferenceOptions::check() const {
  const auto possible = audio::Mixer().add({.rate = rate});
  return possible ? base::ok() : base::Result<void>(possible.error());
}

Conference::Conference(StreamId id, const ConferenceOptions& options, StreamEvents& events) : id_(id), rate_(options.rate), events_(events) {
  options.check().value();
}

Conference::~Conference() {
  while (!seats_.empty()) {
    seats_.back()->stream->part();
  }
}

void Conference::add(Stream& stream, const ConferenceParty& party) {
  if (stream.seat_ == nullptr || stream.seat_->conference != this) {
    stream.part();
    seats_.push_back(std::make_unique<Seat>(Seat{this, &stream, party, {}, stream.rate(), nullptr, false}));
    stream.seat_ = seats_.back().get();
    sit_down(*stream.seat_);
    return;
  }
  Seat& seat = *stream.seat_;
  if (std::exchange(seat.options, party).role != party.role) {
    mixer_.remove(seat.party);
    sit_down(seat);
    return;
  }
  mixer_.set_muted(seat.party, party.muted);
  mixer_.set_gain(seat.party, party.gain_db);
}

void Conference::sit_down(Seat& seat) {
  seat.rate = seat.stream->rate();
  seat.party = mixer_.add(mixer_party(seat.options, seat.rate)).value();
  mixer_.set_gain(seat.party, seat.options.gain_db);
  mixer_.set_muted(seat.party, seat.options.muted);
  seat.says = std::make_shared<SoundQueue>();
  seat.stream->speak_for_partner();
}

void Conference::review(Seat& seat) {
  if (seat.rate != seat.stream->rate()) {
    mixer_.remove(seat.party);
    sit_down(seat);
  }
}

void Conference::remove(Seat& seat) {
  mixer_.remove(seat.party);
  seat.stream->seat_ = nullptr;
  std::erase_if(seats_, [&](const auto& each) { return each.get() == &seat; });
}

void Conference::set_source(std::unique_ptr<audio::Source> source, audio::SampleRate rate) {
  plays_ = source != nullptr;
  if (source_ == nullptr && !plays_) {
    return;
  }
  if (source_ == nullptr) {
    source_ = std::make_unique<audio::FadingSource>(nullptr, rate_);
    announcer_ = mixer_.add({.role = audio::MixerParty::Role::Speak, .rate = rate_}).value();
  }
  if (plays_ && rate != rate_) {
    source = std::make_unique<audio::ResamplingSource>(std::move(source), rate, rate_);
  }
  source_->change_to(std::move(source));
}

void Conference::add_tap(StreamTap& tap) {
  if (taps_.empty()) {
    recorder_ = mixer_.add({.role = audio::MixerParty::Role::Listen, .rate = rate_}).value();
  }
  taps_.push_back(&tap);
}

void Conference::remove_tap(StreamTap& tap) {
  if (std::erase(taps_, &tap) != 0 && taps_.empty()) {
    mixer_.remove(recorder_);
  }
}

void Conference::tick(base::TimePoint now) {
  if (!next_frame_) {
    next_frame_ = now - kFrame / 2;
  }
  if (const base::Duration behind = now - *next_frame_; behind > kLongestCatchUp) {
    *next_frame_ += (behind - kLongestCatchUp + kFrame - std::chrono::nanoseconds(1)) / kFrame * kFrame;
    for (const auto& seat : seats_) {
      seat->stream->skip_stall(now);
    }
  }
  for (; *next_frame_ <= now; *next_frame_ += kFrame) {
    frame(now);
  }
}

void Conference::frame(base::TimePoint now) {
  for (const auto& seat : seats_) {
    seat->plays = seat->stream->play_in_conference(*next_frame_, now);
  }
  play_source(now);
  mixer_.mix();
  for (const auto& seat : seats_) {
    if (seat->plays) {
      seat->says->push(mixer_.heard_by(seat->party));
      seat->stream->send_in_conference(now);
    }
  }
  tell_taps();
}

void Conference::play_source(base::TimePoint now) {
  if (source_ == nullptr) {
    return;
  }
  samples_.resize(audio::samples_in(kFrame, rate_));
  const bool ended = source_->read(samples_) < samples_.size();
  mixer_.put(announcer_, samples_);
  if (ended && std::exchange(plays_, false)) {
    source_->change_to(nullptr);
    events_.on_stream_event({id_, now, SourceEnded{}});
  }
}

void Conference::tell_taps() {
  for (StreamTap* const tap : taps_) {
    tap->on_heard(mixer_.heard_by(recorder_), rate_, *next_frame_);
  }
}

}  // namespace callwright::media
