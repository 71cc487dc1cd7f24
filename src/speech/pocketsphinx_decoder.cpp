#include "speech/pocketsphinx_decoder.hpp"

#include <pocketsphinx.h>
#include <sphinxbase/err.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace callwright::speech {
namespace {

using base::Errc;
using base::Error;
using Config = std::unique_ptr<cmd_ln_t, decltype([](cmd_ln_t* config) { cmd_ln_free_r(config); })>;
using Decoder = std::unique_ptr<ps_decoder_t, decltype([](ps_decoder_t* decoder) { ps_free(decoder); })>;
using Text = std::unique_ptr<char, decltype([](char* text) { std::free(text); })>;

constexpr int kFramesPerSecond = 100;
/// In place of the one that the model names, which belongs to a microphone nearby: that of voices in calls. Each utterance moves it.
constexpr const char* kCepstralMean = "53.5,4,8,24,5,-3,9,-9,-2,1,-3,12,0";

std::chrono::milliseconds time_of(int frame) { return std::chrono::milliseconds(frame * 1000 / kFramesPerSecond); }

/// Its messages are no concern of users, and their place would be among ours. Of the calling thread.
void silence_library() noexcept {
  err_set_callback(nullptr, nullptr);
  err_set_logfp(nullptr);
}

Config common_options(const std::filesystem::path& model) {
  silence_library();
  return Config(cmd_ln_init(nullptr, ps_args(), TRUE, "-hmm", (model / "en-us").c_str(), "-dict", (model / "cmudict-en-us.dict").c_str(), "-cmninit",
                            kCepstralMean, nullptr));
}

/// "<sil>", "<s>" and "[NOISE]" are no words; "read(2)" is another way to say "read".
std::string plain_word(std::string_view word) {
  if (word.empty() || word.front() == '<' || word.front() == '[' || word.front() == '+') {
    return {};
  }
  return std::string(word.substr(0, word.find('(')));
}

std::vector<SpokenWord> words_of(ps_decoder_t* decoder) {
  std::vector<SpokenWord> words;
  for (ps_seg_t* segment = ps_seg_iter(decoder); segment != nullptr; segment = ps_seg_next(segment)) {
    int begin = 0;
    int end = 0;
    ps_seg_frames(segment, &begin, &end);
    if (std::string word = plain_word(ps_seg_word(segment)); !word.empty()) {
      words.push_back({.text = std::move(word), .begin = time_of(begin), .end = time_of(end + 1)});
    }
  }
  return words;
}

}  // namespace

struct PocketSphinxDecoder::Handle {
  Config config;
  Decoder decoder;
};

PocketSphinxDecoder::PocketSphinxDecoder(std::unique_ptr<Handle> handle) noexcept : handle_(std::move(handle)) {}

PocketSphinxDecoder::~PocketSphinxDecoder() = default;

base::Result<void> PocketSphinxDecoder::blocking_check(const std::filesystem::path& model) {
  for (const char* const part : {"en-us/mdef", "cmudict-en-us.dict", "en-us.lm.bin"}) {
    std::error_code failure;
    if (!std::filesystem::exists(model / part, failure)) {
      return Error(Errc::NotFound,
                   "the model to recognise speech with is not there (" + (model / part).string() + "); install the Debian package pocketsphinx-en-us");
    }
  }
  return base::ok();
}

base::Result<std::unique_ptr<PocketSphinxDecoder>> PocketSphinxDecoder::blocking_make_reader(const std::filesystem::path& model) {
  auto handle = std::make_unique<Handle>();
  handle->config = common_options(model);
  cmd_ln_set_str_r(handle->config.get(), "-lm", (model / "en-us.lm.bin").c_str());
  handle->decoder.reset(ps_init(handle->config.get()));
  if (handle->decoder == nullptr) {
    return Error(Errc::Io, "the model in " + model.string() + " cannot be read; install the Debian package pocketsphinx-en-us again");
  }
  return std::unique_ptr<PocketSphinxDecoder>(new PocketSphinxDecoder(std::move(handle)));
}

base::Result<std::unique_ptr<PocketSphinxDecoder>> PocketSphinxDecoder::blocking_make_spotter(const std::filesystem::path& model, const std::string& phrase,
                                                                                              double threshold) {
  auto handle = std::make_unique<Handle>();
  handle->config = common_options(model);
  cmd_ln_set_str_r(handle->config.get(), "-keyphrase", phrase.c_str());
  cmd_ln_set_float_r(handle->config.get(), "-kws_threshold", threshold);
  handle->decoder.reset(ps_init(handle->config.get()));
  if (handle->decoder == nullptr) {
    return Error(Errc::Io, "\"" + phrase + "\" cannot be waited for; choose other words");
  }
  return std::unique_ptr<PocketSphinxDecoder>(new PocketSphinxDecoder(std::move(handle)));
}

std::optional<std::size_t> PocketSphinxDecoder::phones_of(const std::string& word) const {
  const Text phones(ps_lookup_word(handle_->decoder.get(), word.c_str()));
  if (phones == nullptr) {
    return std::nullopt;
  }
  const std::string_view text(phones.get());
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')) + 1;
}

std::vector<SpokenWord> PocketSphinxDecoder::recognize(std::span<const audio::Sample> sound) {
  ps_decoder_t* const decoder = handle_->decoder.get();
  ps_start_utt(decoder);
  ps_process_raw(decoder, sound.data(), sound.size(), FALSE, TRUE);
  ps_end_utt(decoder);
  return words_of(decoder);
}

void PocketSphinxDecoder::begin() { ps_start_utt(handle_->decoder.get()); }

void PocketSphinxDecoder::hear(std::span<const audio::Sample> sound) { ps_process_raw(handle_->decoder.get(), sound.data(), sound.size(), FALSE, FALSE); }

bool PocketSphinxDecoder::spotted() { return ps_get_hyp(handle_->decoder.get(), nullptr) != nullptr; }

void PocketSphinxDecoder::end() { ps_end_utt(handle_->decoder.get()); }

}  // namespace callwright::speech
