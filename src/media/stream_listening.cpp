// What a stream tells of what it hears: sound, tones, keys; and of a partner that is not heard any more.
#include "audio/live_sink.hpp"
#include "media/stream.hpp"

namespace callwright::media {

void Stream::set_listening(const Listening& listening) {
  listening_ = listening;
  ears_.reset();
  review_joint();
}

void Stream::hear(std::shared_ptr<audio::LiveReader> reader) {
  reader_ = std::move(reader);
  if (ears_ != nullptr) {
    ears_->live.reset();
  }
  review_joint();
}

void Stream::listen_to(std::span<const audio::Sample> frame, base::TimePoint now) {
  const bool asked = (joint_ == nullptr && seat_ == nullptr) || listening_.when == Listening::Always;
  if (reader_ != nullptr || (asked && (listening_.voice || listening_.level_window.count() > 0))) {
    if (ears_ == nullptr) {
      ears_ = std::make_unique<Ears>();
    }
    if (reader_ != nullptr) {
      if (ears_->live == nullptr) {
        ears_->live = reader_->sink(receive_.rate());
      }
      ears_->live->write(frame);
    }
    if (asked) {
      listen_to_voice(frame, now);
    }
  }
  if (!asked || receiver_.packets() == 0) {
    return;  // Before the first packet there is nothing to find.
  }
  if (listening_.tones) {
    listen(frame, now);
  }
  if (listening_.keys) {
    listen_for_keys(frame, now);
  }
}

void Stream::listen_to_voice(std::span<const audio::Sample> frame, base::TimePoint now) {
  ears_->heard += frame.size();
  if (listening_.voice && ears_->voice == nullptr) {
    ears_->voice = audio::make_voice_activity(receive_.rate(), *listening_.voice);
  }
  if (listening_.level_window.count() > 0 && !ears_->meter) {
    ears_->meter.emplace(receive_.rate(), std::max(listening_.level_window, std::chrono::milliseconds(20)));
  }
  const auto arrival_of = [&](std::uint64_t position) {
    return since_start(receive_.heard_until() - audio::duration_of(ears_->heard - position, receive_.rate()));
  };
  if (ears_->voice != nullptr) {
    for (const audio::VoiceChange& change : ears_->voice->process(frame)) {
      if (change.speaking) {
        emit(SpeechStarted{arrival_of(change.position)}, now);
      } else {
        emit(SpeechEnded{arrival_of(change.position)}, now);
      }
    }
  }
  if (ears_->meter) {
    for (const audio::LevelMeter::Level& level : ears_->meter->process(frame)) {
      emit(LevelMeasured{level.rms_dbov, level.peak_dbov, arrival_of(level.position)}, now);
    }
  }
}

void Stream::listen(std::span<const audio::Sample> frame, base::TimePoint now) {
  if (detector_ == nullptr) {
    detector_ = std::make_unique<audio::ToneDetector>(receive_.rate());
  }
  const auto tones = detector_->process(frame);
  const auto arrival_of = [&](std::uint64_t position) {
    return receive_.heard_until() - audio::duration_of(detector_->position() - position, receive_.rate());
  };
  if (!heard_) {
    if (const auto first = detector_->first_audio()) {
      heard_ = true;
      emit(FirstAudio{since_start(arrival_of(first->position)), first->level_dbov}, now);
    }
  }
  for (const audio::DetectedTone& tone : tones) {
    emit(ToneDetected{tone.frequency_hz, tone.level_dbov, since_start(arrival_of(tone.start))}, now);
  }
}

void Stream::listen_for_keys(std::span<const audio::Sample> frame, base::TimePoint now) {
  // What a codec of speech makes of two tones is guesswork.
  if (parameters_.receive_event_payload_type || parameters_.codec->kind == audio::CodecKind::Opus) {
    return;
  }
  if (keys_in_sound_ == nullptr) {
    keys_in_sound_ = std::make_unique<audio::DtmfDetector>(receive_.rate());
  }
  for (const audio::DtmfEvent& event : keys_in_sound_->process(frame)) {
    if (event.kind == audio::DtmfEvent::Kind::End) {
      emit(KeyPressed{event.key, event.duration, KeyPressed::By::Sound}, now);
    }
  }
}

void Stream::note_partner(base::TimePoint arrival) {
  if (const auto silence = watch_.heard(arrival)) {
    emit(PartnerBack{*silence}, arrival);
  }
}

void Stream::watch_partner(base::TimePoint now) {
  if (const auto silence = watch_.check(now)) {
    emit(PartnerSilent{*silence}, now);
  }
}

}  // namespace callwright::media
