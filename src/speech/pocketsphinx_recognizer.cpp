#include "speech/pocketsphinx_recognizer.hpp"

#include "base/bounded_queue.hpp"
#include "speech/pocketsphinx_decoder.hpp"
#include "speech/utterance_reader.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

namespace callwright::speech {
namespace {

using base::Errc;
using base::Error;
using Sound = std::vector<audio::Sample>;

constexpr std::chrono::milliseconds kPiece{20};
/// A minute of them.
constexpr std::size_t kMaxSound = 3000;
constexpr std::size_t kMaxHeard = 10'000;
/// Each recogniser has only a few in it.
constexpr std::size_t kMaxTurns = 1024;
/// Sounds of speech ("yes" has three): shorter phrases are found where nobody said them.
constexpr std::size_t kFewestPhones = 5;
/// So sure that it hears it rather not than where something like it is said.
constexpr double kThreshold = 1;

/// A phrase is found just as well where another number was said. The text of all that is said has the likeliest of them.
bool is_number(std::string_view word) {
  constexpr std::array<std::string_view, 31> kNumbers{"zero",    "oh",      "one",       "two",      "three",    "four",    "five",     "six",
                                                      "seven",   "eight",   "nine",      "ten",      "eleven",   "twelve",  "thirteen", "fourteen",
                                                      "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",  "thirty",   "forty",
                                                      "fifty",   "sixty",   "seventy",   "eighty",   "ninety",   "hundred", "thousand"};
  return std::find(kNumbers.begin(), kNumbers.end(), word) != kNumbers.end();
}

/// What a recogniser and the worker share.
struct Channel {
  explicit Channel(RecognizerOptions given) : options(std::move(given)) {}

  const RecognizerOptions options;
  base::BoundedQueue<Sound> sound{kMaxSound, base::Overflow::DropOldest};
  base::BoundedQueue<Recognizer::Heard> heard{kMaxHeard, base::Overflow::Refuse};
  std::atomic<bool> finished{false};
  std::atomic<bool> gone{false};
  // The worker's:
  enum class State { New, Open, Ended, Dropped };
  State state = State::New;
  std::unique_ptr<UtteranceReader> reader{};
};

}  // namespace

/// The thread, and its decoder of free speech. One channel after the other has its turn.
class RecognitionWorker {
 public:
  explicit RecognitionWorker(std::filesystem::path model) : model_(std::move(model)), thread_([this](const std::stop_token& stop) { run(stop); }) {}
  ~RecognitionWorker() {
    thread_.request_stop();
    wake();
  }
  RecognitionWorker(const RecognitionWorker&) = delete;
  RecognitionWorker& operator=(const RecognitionWorker&) = delete;

  /// Any thread, as the next. Takes its place; false: all are taken.
  bool admit() {
    if (open_.fetch_add(1) < PocketSphinxFactory::kMaxRecognizers) {
      return true;
    }
    open_.fetch_sub(1);
    return false;
  }
  /// There is something to do.
  void post(std::shared_ptr<Channel> channel) {
    turns_.push(std::move(channel));
    wake();
  }

 private:
  void wake() {
    signals_.fetch_add(1);
    signals_.notify_one();
  }
  void run(const std::stop_token& stop);
  void serve(Channel& channel, const std::stop_token& stop);
  base::Result<void> open(Channel& channel);

  const std::filesystem::path model_;
  std::unique_ptr<PocketSphinxDecoder> reader_;
  base::BoundedQueue<std::shared_ptr<Channel>> turns_{kMaxTurns, base::Overflow::Refuse};
  std::atomic<std::uint32_t> signals_{0};
  std::atomic<std::size_t> open_{0};
  std::jthread thread_;  ///< Last: it uses all of the others.
};

void RecognitionWorker::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::uint32_t seen = signals_.load();
    const auto turns = turns_.take_all();
    for (const auto& channel : turns) {
      serve(*channel, stop);
    }
    if (turns.empty()) {
      signals_.wait(seen);
    }
  }
}

base::Result<void> RecognitionWorker::open(Channel& channel) {
  if (reader_ == nullptr) {
    auto reader = PocketSphinxDecoder::blocking_make_reader(model_);
    if (!reader) {
      return reader.error();
    }
    reader_ = std::move(*reader);
  }
  std::size_t phones = 0;
  bool numbers = false;
  std::istringstream words(channel.options.phrase);
  for (std::string word; words >> word;) {
    const auto count = reader_->phones_of(word);
    if (!count) {
      return Error(
          Errc::InvalidArgument,
          "\"" + word + "\" is not in the dictionary of English words that are recognised; write numbers as words, and names as words that sound alike");
    }
    phones += *count;
    numbers = numbers || is_number(word);
  }
  std::unique_ptr<PocketSphinxDecoder> spotter;
  if (phones >= kFewestPhones && !numbers) {
    auto made = PocketSphinxDecoder::blocking_make_spotter(model_, channel.options.phrase, kThreshold);
    if (!made) {
      return made.error();
    }
    spotter = std::move(*made);
  }
  channel.reader = std::make_unique<UtteranceReader>(channel.options, *reader_, std::move(spotter));
  return base::ok();
}

void RecognitionWorker::serve(Channel& channel, const std::stop_token& stop) {
  if (channel.gone && channel.state != Channel::State::Dropped) {
    channel.state = Channel::State::Dropped;
    channel.reader.reset();
    open_.fetch_sub(1);
  }
  if (channel.state == Channel::State::New) {
    const auto opened = open(channel);
    channel.state = opened ? Channel::State::Open : Channel::State::Ended;
    if (!opened) {
      channel.heard.push({.utterances = {}, .ended = true, .error = opened.error()});
    }
  }
  if (channel.state != Channel::State::Open) {
    return;
  }
  // Asked first: what was written before it was finished is there.
  const bool finished = channel.finished;
  for (const Sound& piece : channel.sound.take_all()) {
    if (channel.gone || stop.stop_requested()) {
      return;
    }
    if (auto utterances = channel.reader->blocking_hear(piece); !utterances.empty()) {
      channel.heard.push({.utterances = std::move(utterances), .ended = false, .error = {}});
    }
  }
  if (finished) {
    channel.state = Channel::State::Ended;
    channel.heard.push({.utterances = channel.reader->blocking_finish(), .ended = true, .error = {}});
    channel.reader.reset();
  }
}

namespace {

class PocketSphinxRecognizer final : public Recognizer {
 public:
  /// `worker` outlives this.
  PocketSphinxRecognizer(RecognitionWorker& worker, const RecognizerOptions& options) : worker_(worker), channel_(std::make_shared<Channel>(options)) {
    worker_.post(channel_);
  }
  ~PocketSphinxRecognizer() override {
    channel_->gone = true;
    worker_.post(channel_);
  }
  PocketSphinxRecognizer(const PocketSphinxRecognizer&) = delete;
  PocketSphinxRecognizer& operator=(const PocketSphinxRecognizer&) = delete;

  void write(std::span<const audio::Sample> samples) override {
    const std::size_t piece = audio::samples_in(kPiece, channel_->options.rate);
    while (!samples.empty()) {
      const std::size_t count = std::min(piece, samples.size());
      if (channel_->sound.push(Sound(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(count))).was_empty) {
        worker_.post(channel_);
      }
      samples = samples.subspan(count);
    }
  }

  void finish() override {
    channel_->finished = true;
    worker_.post(channel_);
  }

  Heard read() override {
    Heard all;
    for (Heard& heard : channel_->heard.take_all()) {
      std::move(heard.utterances.begin(), heard.utterances.end(), std::back_inserter(all.utterances));
      all.ended = all.ended || heard.ended;
      all.error = heard.error ? std::move(heard.error) : std::move(all.error);
    }
    return all;
  }

 private:
  RecognitionWorker& worker_;
  const std::shared_ptr<Channel> channel_;
};

}  // namespace

PocketSphinxFactory::PocketSphinxFactory(std::filesystem::path model) : model_(std::move(model)) {}

PocketSphinxFactory::~PocketSphinxFactory() = default;

base::Result<void> PocketSphinxFactory::blocking_check() const { return PocketSphinxDecoder::blocking_check(model_); }

base::Result<std::unique_ptr<Recognizer>> PocketSphinxFactory::start(const RecognizerOptions& options) {
  if (worker_ == nullptr) {
    worker_ = std::make_unique<RecognitionWorker>(model_);
  }
  if (!worker_->admit()) {
    return Error(Errc::LimitReached, "speech is recognised in " + std::to_string(kMaxRecognizers) + " places at once at most; wait for one of them to end");
  }
  return std::unique_ptr<Recognizer>(std::make_unique<PocketSphinxRecognizer>(*worker_, options));
}

}  // namespace callwright::speech
