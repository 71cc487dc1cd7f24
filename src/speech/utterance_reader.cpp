#include "speech/utterance_reader.hpp"

#include <algorithm>
#include <utility>

namespace callwright::speech {
namespace {

constexpr audio::SampleRate kRate = PocketSphinxDecoder::kRate;
/// Words begin softer than a voice is noticed, and decoders want to hear what is around them.
constexpr std::size_t kBefore = audio::samples_in(std::chrono::milliseconds(400), kRate);
constexpr std::size_t kAfter = audio::samples_in(std::chrono::milliseconds(300), kRate);
/// Whoever goes on for longer is not waited for.
constexpr std::size_t kLongest = audio::samples_in(std::chrono::seconds(8), kRate);
constexpr audio::VoiceActivityOptions kVoice{.sensitivity = audio::VoiceSensitivity::Medium, .hang_over = std::chrono::milliseconds(400)};

std::string joined(const std::vector<SpokenWord>& words) {
  std::string text;
  for (const SpokenWord& word : words) {
    text += (text.empty() ? "" : " ") + word.text;
  }
  return text;
}

}  // namespace

UtteranceReader::UtteranceReader(const RecognizerOptions& options, PocketSphinxDecoder& reader, std::unique_ptr<PocketSphinxDecoder> spotter)
    : phrase_(options.phrase),
      reader_(reader),
      spotter_(std::move(spotter)),
      resampler_(options.rate, kRate),
      voice_(audio::make_voice_activity(kRate, kVoice)),
      narrow_(options.rate < kRate) {}

std::chrono::milliseconds UtteranceReader::time_of(std::uint64_t position) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(audio::duration_of(position, kRate));
}

std::vector<Utterance> UtteranceReader::blocking_hear(std::span<const audio::Sample> samples) {
  std::vector<audio::Sample> heard(resampler_.max_output(samples.size()));
  heard.resize(resampler_.process(samples, heard));
  std::vector<Utterance> told;
  sound_.insert(sound_.end(), heard.begin(), heard.end());
  for (const audio::VoiceChange& change : voice_->process(heard)) {
    if (change.speaking && !speaking_) {
      begin(change.position);
    } else if (!change.speaking && speaking_) {
      end(change.position + kAfter, told);
    }
  }
  if (!speaking_ && sound_.size() > kBefore) {
    first_ += sound_.size() - kBefore;
    sound_.erase(sound_.begin(), sound_.end() - static_cast<std::ptrdiff_t>(kBefore));
  }
  if (speaking_) {
    spot(told);
    if (sound_.size() >= kLongest) {
      end(first_ + sound_.size(), told);
      begin(first_);
    }
  }
  return told;
}

std::vector<Utterance> UtteranceReader::blocking_finish() {
  std::vector<Utterance> told;
  if (speaking_) {
    // Decoders want to hear the end of the last word.
    sound_.resize(sound_.size() + kAfter);
    end(first_ + sound_.size(), told);
  }
  return told;
}

void UtteranceReader::begin(std::uint64_t position) {
  const std::uint64_t from = std::max(first_, position - std::min<std::uint64_t>(position, kBefore));
  sound_.erase(sound_.begin(), sound_.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(from - first_, sound_.size())));
  first_ = from;
  spotted_to_ = from;
  speaking_ = true;
  found_ = false;
  if (spotter_ != nullptr) {
    extension_ = BandExtension();
    spotter_->begin();
  }
}

void UtteranceReader::spot(std::vector<Utterance>& told) {
  if (spotter_ == nullptr || found_) {
    return;
  }
  std::vector<audio::Sample> fresh(sound_.begin() + static_cast<std::ptrdiff_t>(spotted_to_ - first_), sound_.end());
  spotted_to_ = first_ + sound_.size();
  if (narrow_) {
    extension_.process(fresh);
  }
  spotter_->hear(fresh);
  if (spotter_->spotted()) {
    tell_phrase(told);
  }
}

void UtteranceReader::tell_phrase(std::vector<Utterance>& told) {
  found_ = true;
  told.push_back({.kind = Utterance::Kind::Partial, .text = phrase_, .words = {}});
}

void UtteranceReader::end(std::uint64_t position, std::vector<Utterance>& told) {
  if (spotter_ != nullptr) {
    spotter_->end();
  }
  const std::size_t count = std::min<std::size_t>(position - first_, sound_.size());
  std::vector<audio::Sample> utterance(sound_.begin(), sound_.begin() + static_cast<std::ptrdiff_t>(count));
  narrow_ = lacks_upper_band(utterance);
  if (narrow_) {
    BandExtension().process(utterance);
  }
  if (spotter_ != nullptr && !found_ && !spotter_->recognize(utterance).empty()) {
    tell_phrase(told);
  }
  Utterance all{.kind = Utterance::Kind::Final, .text = {}, .words = reader_.recognize(utterance)};
  all.text = joined(all.words);
  for (SpokenWord& word : all.words) {
    word.begin += time_of(first_);
    word.end += time_of(first_);
  }
  if (!all.text.empty()) {
    told.push_back(std::move(all));
  }
  first_ += count;
  sound_.erase(sound_.begin(), sound_.begin() + static_cast<std::ptrdiff_t>(count));
  speaking_ = false;
}

}  // namespace callwright::speech
