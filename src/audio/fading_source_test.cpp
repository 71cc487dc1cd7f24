#include "audio/fading_source.hpp"

#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace callwright::audio {
namespace {

using Samples = std::vector<Sample>;

/// A constant; so many samples of it.
class Constant final : public Source {
 public:
  explicit Constant(Sample value, std::size_t count = 1'000'000, bool* gone = nullptr) : value_(value), left_(count), gone_(gone) {}
  ~Constant() override {
    if (gone_ != nullptr) {
      *gone_ = true;
    }
  }
  std::size_t read(std::span<Sample> out) override {
    const std::size_t count = std::min(out.size(), left_);
    std::fill(out.begin(), out.end(), Sample{0});
    std::fill_n(out.begin(), count, value_);
    left_ -= count;
    return count;
  }

 private:
  Sample value_;
  std::size_t left_;
  bool* gone_;
};

TEST(FadingSource, goes_from_one_to_the_other_without_a_step) {
  FadingSource source(std::make_unique<Constant>(8000), kNarrowband);
  Samples samples(160);
  source.read(samples);
  EXPECT_EQ(samples, Samples(160, 8000));
  source.change_to(std::make_unique<Constant>(-8000));
  Samples after;
  for (int i = 0; i < 8; ++i) {  // In pieces that do not fit the fade.
    Samples piece(50);
    EXPECT_EQ(source.read(piece), 50U);
    after.insert(after.end(), piece.begin(), piece.end());
  }
  Sample last = 8000;
  for (const Sample sample : after) {
    ASSERT_LE(sample, last);
    ASSERT_LE(last - sample, 210);  // 16000 over 80 samples.
    last = sample;
  }
  EXPECT_EQ(after[80], -8000);
  EXPECT_GT(after[78], -8000);
}

TEST(FadingSource, gives_the_source_that_was_left_back) {
  bool gone = false;
  FadingSource source(std::make_unique<Constant>(1, 1000, &gone), kNarrowband);
  source.change_to(nullptr);
  EXPECT_EQ(source.take_left(), nullptr) << "it is still heard";
  Samples samples(160);
  source.read(samples);
  EXPECT_FALSE(gone);
  EXPECT_NE(source.take_left(), nullptr);
  EXPECT_TRUE(gone);
  EXPECT_EQ(source.take_left(), nullptr);
}

TEST(FadingSource, is_silent_without_a_source) {
  FadingSource source(nullptr, kWideband);
  Samples samples(320, 99);
  EXPECT_EQ(source.read(samples), 320U);
  EXPECT_EQ(samples, Samples(320));
}

TEST(FadingSource, ends_with_the_source_that_is_played) {
  FadingSource source(std::make_unique<Constant>(5000), kNarrowband);
  source.change_to(std::make_unique<Constant>(100, 200));
  Samples samples(160);
  EXPECT_EQ(source.read(samples), 160U);
  EXPECT_EQ(source.read(samples), 40U);
  EXPECT_EQ(source.read(samples), 0U);
}

TEST(FadingSource, survives_changes_in_quick_succession) {
  FadingSource source(nullptr, kNarrowband);
  Samples samples(10);
  for (int i = 0; i < 20; ++i) {
    source.change_to(std::make_unique<Constant>(static_cast<Sample>(i % 2 == 0 ? 32767 : -32768)));
    EXPECT_EQ(source.read(samples), 10U);
  }
  EXPECT_TRUE(source.fading());
}

}  // namespace
}  // namespace callwright::audio
