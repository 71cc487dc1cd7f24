#include "audio/g722.hpp"

#include "audio/comfort_noise.hpp"
#include "audio/test_sound.hpp"

#include <gmock/gmock.h>
#include <spandsp/telephony.h>

#include <spandsp/g722.h>

#include <memory>

namespace callwright::audio {
namespace {

using Samples = std::vector<Sample>;
using Bytes = std::vector<std::uint8_t>;

/// An implementation that passes the test sequences of ITU-T.
Bytes reference_encoded(const Samples& samples) {
  const std::unique_ptr<g722_encode_state_t, int (*)(g722_encode_state_t*)> state(g722_encode_init(nullptr, 64000, 0), &g722_encode_free);
  Bytes bytes(samples.size() / 2);
  g722_encode(state.get(), bytes.data(), samples.data(), static_cast<int>(samples.size()));
  return bytes;
}

Samples reference_decoded(const Bytes& bytes) {
  const std::unique_ptr<g722_decode_state_t, int (*)(g722_decode_state_t*)> state(g722_decode_init(nullptr, 64000, 0), &g722_decode_free);
  Samples samples(2 * bytes.size());
  g722_decode(state.get(), samples.data(), bytes.data(), static_cast<int>(bytes.size()));
  return samples;
}

Bytes encoded(const Samples& samples, std::size_t piece = 320) {
  G722Coder coder;
  Bytes bytes(samples.size() / 2);
  for (std::size_t at = 0; at < samples.size(); at += piece) {
    const std::size_t count = std::min(piece, samples.size() - at);
    coder.encode(std::span(samples).subspan(at, count), std::span(bytes).subspan(at / 2));
  }
  return bytes;
}

Samples decoded(const Bytes& bytes, std::size_t piece = 160) {
  G722Reader reader;
  Samples samples(2 * bytes.size());
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.decode(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)), std::span(samples).subspan(2 * at));
  }
  return samples;
}

Samples even(Samples samples) {
  samples.resize(samples.size() / 2 * 2);
  return samples;
}

/// Voices, noise of all levels, steps from end to end, random samples.
std::vector<Samples> sounds() {
  std::vector<Samples> all{even(woman(kWideband)), even(man(kWideband)), Samples(3200), Samples(3200, 32767), Samples(3200, -32768)};
  for (const double level : {-70.0, -40.0, -10.0}) {
    all.emplace_back(32000);
    ComfortNoiseSource(level, 3).read(all.back());
  }
  base::DeterministicRandom random(5);
  Samples wild(64000);
  for (std::size_t i = 0; i < wild.size(); ++i) {
    wild[i] = i % 4000 < 2000 ? static_cast<Sample>(random.next()) : static_cast<Sample>(i / 37 % 2 == 0 ? 32767 : -32768);
  }
  all.push_back(wild);
  return all;
}

TEST(G722, encodes_as_the_reference_does_byte_for_byte) {
  for (const Samples& sound : sounds()) {
    EXPECT_EQ(encoded(sound), reference_encoded(sound));
  }
}

/// Where the output is too loud for 16 bits, SpanDSP 0.0.6 goes from one end to the other; the Recommendation (§6.2.2.1) wants it to stay there.
void expect_same(const Samples& found, const Samples& reference) {
  ASSERT_EQ(found.size(), reference.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const bool wrapped = (found[i] == 32767 && reference[i] < 0) || (found[i] == -32768 && reference[i] >= 0);
    ASSERT_TRUE(found[i] == reference[i] || wrapped) << i << ": " << found[i] << ' ' << reference[i];
  }
}

TEST(G722, decodes_as_the_reference_does_sample_for_sample) {
  for (const Samples& sound : sounds()) {
    const Bytes bytes = reference_encoded(sound);
    expect_same(decoded(bytes), reference_decoded(bytes));
  }
  base::DeterministicRandom random(6);
  Bytes garbage(100'000);
  std::ranges::generate(garbage, [&] { return static_cast<std::uint8_t>(random.next()); });
  expect_same(decoded(garbage), reference_decoded(garbage));
}

TEST(G722, does_not_care_how_the_stream_is_cut) {
  const Samples sound = even(man(kWideband));
  const Bytes bytes = reference_encoded(sound);
  for (const std::size_t piece : {2U, 6U, 162U, 1920U, 100'000U}) {
    EXPECT_EQ(encoded(sound, piece), bytes) << piece;
    EXPECT_EQ(decoded(bytes, piece), decoded(bytes)) << piece;
  }
}

}  // namespace
}  // namespace callwright::audio
