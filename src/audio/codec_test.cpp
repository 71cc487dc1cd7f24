#include "audio/codec.hpp"

#include "audio/comfort_noise.hpp"
#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace callwright::audio {
namespace {

using Samples = std::vector<Sample>;
using Bytes = std::vector<std::uint8_t>;
using std::chrono::milliseconds;

constexpr milliseconds kFrame{20};

const Codec& codec(std::string_view name, std::uint32_t clock_rate, std::uint32_t channels = 1) {
  const Codec* found = find_codec(name, clock_rate, channels);
  EXPECT_NE(found, nullptr) << name;
  return *found;
}
const Codec& opus() { return codec("opus", 48000, 2); }

std::unique_ptr<Encoder> encoder_of(const Codec& codec, const CodecOptions& options = {}) { return make_encoder(codec, options).value(); }
std::unique_ptr<Decoder> decoder_of(const Codec& codec, const CodecOptions& options = {}) { return make_decoder(codec, options).value(); }

Samples tone(double frequency_hz, SampleRate rate, std::size_t count, double level = -10) {
  Samples samples(count);
  ToneSource(frequency_hz, level, rate).read(samples);
  return samples;
}

/// Noise with the spectrum of long-term speech: falling above 500 Hz, gated four times a second.
Samples speech_like(SampleRate rate, std::size_t count) {
  Samples white(count);
  ComfortNoiseSource(-10, 7).read(white);
  const double pole = std::exp(-2 * std::numbers::pi * 500 / static_cast<double>(rate));
  double low = 0;
  for (std::size_t i = 0; i < count; ++i) {
    low = pole * low + (1 - pole) * white[i];
    const double syllable = 0.6 + 0.4 * std::sin(2 * std::numbers::pi * 4 * static_cast<double>(i) / static_cast<double>(rate));
    white[i] = static_cast<Sample>(std::lround(low * syllable));
  }
  return white;
}

Bytes encoded(Encoder& encoder, std::span<const Sample> frame) {
  Bytes bytes(encoder.max_bytes(frame.size()));
  bytes.resize(encoder.encode(frame, bytes));
  return bytes;
}

Samples decoded(Decoder& decoder, std::span<const std::uint8_t> payload) {
  Samples samples(decoder.length(payload));
  EXPECT_EQ(decoder.decode(payload, samples), samples.size());
  return samples;
}

/// Through encoder and decoder, in frames of 20 ms.
Samples round_trip(const Codec& codec, const CodecOptions& options, const Samples& samples) {
  const auto encoder = encoder_of(codec, options);
  const auto decoder = decoder_of(codec, options);
  const std::size_t frame = samples_in(kFrame, encoder->rate());
  Samples out;
  for (std::size_t at = 0; at + frame <= samples.size(); at += frame) {
    const Samples part = decoded(*decoder, encoded(*encoder, std::span(samples).subspan(at, frame)));
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

/// Signal to noise after the best alignment by whole samples up to `max_delay`, without the first quarter.
double snr_db(const Samples& sent, const Samples& received, std::size_t max_delay) {
  double best = -100;
  for (std::size_t delay = 0; delay <= max_delay; ++delay) {
    double signal = 0;
    double noise = 0;
    for (std::size_t i = sent.size() / 4; i + delay < received.size(); ++i) {
      const double difference = static_cast<double>(received[i + delay]) - sent[i];
      signal += static_cast<double>(sent[i]) * sent[i];
      noise += difference * difference;
    }
    best = std::max(best, 10 * std::log10(signal / (noise + 1e-9)));
  }
  return best;
}

/// Power of one frequency in dBov, by correlation with a sine and a cosine.
double tone_dbov(std::span<const Sample> samples, double frequency_hz, SampleRate rate) {
  std::complex<double> sum = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    sum += samples[i] / 32768.0 * std::polar(1.0, -2 * std::numbers::pi * frequency_hz * static_cast<double>(i) / static_cast<double>(rate));
  }
  return 10 * std::log10(2 * std::norm(sum / static_cast<double>(samples.size())) + 1e-12);
}

TEST(Codec, is_found_by_what_sdp_says) {
  EXPECT_EQ(codec("pcmu", 8000).kind, CodecKind::Pcmu);
  EXPECT_EQ(codec("G722", 8000).rate, kWideband);
  EXPECT_EQ(opus().kind, CodecKind::Opus);
  EXPECT_EQ(codec("L16", 44100).rate, SampleRate{44100});
  EXPECT_EQ(find_codec("opus", 48000, 1), nullptr);
  EXPECT_EQ(find_codec("G722", 16000), nullptr);
  EXPECT_EQ(find_codec("GSM", 8000), nullptr);
  for (const auto& [type, kind] : {std::pair<std::uint8_t, CodecKind>{0, CodecKind::Pcmu},
                                   {8, CodecKind::Pcma},
                                   {9, CodecKind::G722},
                                   {11, CodecKind::L16},
                                   {13, CodecKind::ComfortNoise}}) {
    ASSERT_NE(find_codec(type), nullptr) << int{type};
    EXPECT_EQ(find_codec(type)->kind, kind);
  }
  EXPECT_EQ(find_codec(std::uint8_t{3}), nullptr);
}

TEST(Codec, counts_rtp_time_at_its_own_clock) {
  EXPECT_EQ(codec("G722", 8000).ticks(320, kWideband), 160U);
  EXPECT_EQ(opus().ticks(320, kWideband), 960U);
  EXPECT_EQ(opus().samples(960, kNarrowband), 160U);
}

TEST(Codec, refuses_rates_it_does_not_have) {
  const auto result = make_encoder(opus(), {.rate = SampleRate{44100}});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().detail, testing::HasSubstr("choose 8000, 12000"));
  EXPECT_FALSE(make_decoder(codec("PCMU", 8000), {.rate = kWideband}));
  EXPECT_FALSE(make_encoder(codec("CN", 8000)));
}

TEST(Codec, reads_and_writes_the_parameters_of_opus) {
  const CodecOptions options = parse_fmtp(opus(), "maxplaybackrate=16000; maxaveragebitrate=24000;useinbandfec=1;USEDTX=1;cbr=1;stereo=0;minptime=10");
  EXPECT_EQ(options.max_playback_rate, 16000U);
  EXPECT_EQ(options.max_bit_rate, 24000U);
  EXPECT_TRUE(options.in_band_fec && options.discontinuous && options.constant_bit_rate);
  EXPECT_EQ(to_fmtp(opus(), options), "maxplaybackrate=16000;maxaveragebitrate=24000;cbr=1;usedtx=1;useinbandfec=1;stereo=0");
  EXPECT_EQ(parse_fmtp(opus(), to_fmtp(opus(), options)), options);
  EXPECT_EQ(to_fmtp(opus(), {}), "useinbandfec=1;stereo=0");
  EXPECT_EQ(to_fmtp(codec("PCMU", 8000), {}), "");
}

TEST(Codec, brings_hostile_parameters_into_range) {
  CodecOptions none;
  none.in_band_fec = false;
  for (const std::string_view text :
       {"", ";;;", "=", "maxaveragebitrate", "maxaveragebitrate=", "maxaveragebitrate=-1", "maxaveragebitrate=99999999999", "useinbandfec=2"}) {
    EXPECT_EQ(parse_fmtp(opus(), text), none) << text;
  }
  EXPECT_EQ(parse_fmtp(opus(), "maxaveragebitrate=1").max_bit_rate, 6000U);
  EXPECT_EQ(parse_fmtp(opus(), "maxplaybackrate=4000000000").max_playback_rate, 48000U);
}

TEST(Codec, keeps_the_quality_that_its_standard_promises) {
  struct Case {
    const Codec& codec;
    double tone_snr;
    double speech_snr;
    std::size_t max_delay;
  };
  // G.711: 35 dB and more for sines of -10 dBm0 (ITU-T G.712). G.722: the sub-band filters delay by 22 samples, its quantiser by speech.
  for (const Case& each :
       {Case{codec("PCMU", 8000), 36, 34, 0}, {codec("PCMA", 8000), 36, 34, 0}, {codec("G722", 8000), 30, 18, 30}, {codec("L16", 16000), 90, 90, 0}}) {
    const std::size_t count = samples_in(milliseconds(2000), each.codec.rate);
    const Samples sine = tone(1004, each.codec.rate, count);
    EXPECT_GE(snr_db(sine, round_trip(each.codec, {}, sine), each.max_delay), each.tone_snr) << each.codec.name;
    const Samples speech = speech_like(each.codec.rate, count);
    EXPECT_GE(snr_db(speech, round_trip(each.codec, {}, speech), each.max_delay), each.speech_snr) << each.codec.name;
  }
}

TEST(Codec, carries_a_tone_at_every_rate_of_opus) {
  for (const unsigned rate : {8000U, 12000U, 16000U, 24000U, 48000U}) {
    const CodecOptions options{.rate = SampleRate{rate}};
    const Samples sine = tone(1000, SampleRate{rate}, rate);
    const Samples heard = round_trip(opus(), options, sine);
    ASSERT_EQ(heard.size(), sine.size());
    EXPECT_NEAR(tone_dbov(std::span(heard).last(rate / 2), 1000, SampleRate{rate}), -10, 1.5) << rate;
  }
}

TEST(Codec, sends_nothing_above_what_the_receiver_can_play) {
  for (const auto& [max, kept] : {std::pair{48000U, true}, {8000U, false}}) {
    const Samples heard = round_trip(opus(), {.max_playback_rate = max}, tone(6000, kFullband, 48000));
    EXPECT_EQ(tone_dbov(std::span(heard).last(24000), 6000, kFullband) > -15, kept) << max;
  }
}

TEST(Codec, keeps_to_the_bit_rate_that_was_asked_for) {
  const auto encoder = encoder_of(opus(), {.rate = kWideband, .max_bit_rate = 16000, .constant_bit_rate = true});
  std::size_t bytes = 0;
  const Samples speech = speech_like(kWideband, 16000);
  for (std::size_t at = 0; at < speech.size(); at += 320) {
    bytes += encoded(*encoder, std::span(speech).subspan(at, 320)).size();
  }
  EXPECT_NEAR(static_cast<double>(bytes) * 8, 16000, 800);
}

TEST(Codec, need_not_send_silence) {
  const auto encoder = encoder_of(opus(), {.rate = kWideband, .discontinuous = true});
  std::size_t sent = 0;
  for (int i = 0; i < 100; ++i) {
    sent += encoded(*encoder, Samples(320)).empty() ? 0U : 1U;
  }
  EXPECT_LT(sent, 40U);
}

TEST(Codec, offers_packet_times_that_it_can_make) {
  for (const Codec& each : codecs().first(codecs().size() - 1)) {
    const auto encoder = encoder_of(each);
    for (int wanted = 0; wanted <= 200; wanted += 5) {
      const milliseconds time = encoder->packet_time(milliseconds(wanted));
      EXPECT_LE(time, std::max(milliseconds(wanted), milliseconds(10)));
      EXPECT_LE(time, kLongestPacket);
      EXPECT_FALSE(encoded(*encoder, tone(500, encoder->rate(), samples_in(time, encoder->rate()))).empty()) << each.name << ' ' << wanted;
    }
    EXPECT_EQ(encoder->packet_time(milliseconds(20)), milliseconds(20));
  }
}

TEST(Codec, writes_nothing_where_there_is_no_room) {
  for (const Codec& each : codecs().first(codecs().size() - 1)) {
    const auto encoder = encoder_of(each);
    const Samples frame = tone(500, each.rate, samples_in(kFrame, each.rate));
    Bytes small(encoder->max_bytes(frame.size()) - 1);
    EXPECT_EQ(encoder->encode(frame, small), 0U) << each.name;
    const auto decoder = decoder_of(each);
    const Bytes payload = encoded(*encoder, frame);
    Samples few(decoder->length(payload) - 1);
    EXPECT_EQ(decoder->decode(payload, few), 0U) << each.name;
  }
}

TEST(Codec, refuses_what_is_no_packet) {
  for (const Codec& each : codecs().first(codecs().size() - 1)) {
    const auto decoder = decoder_of(each);
    Samples out(samples_in(kLongestPacket, each.rate));
    EXPECT_EQ(decoder->length({}), 0U) << each.name;
    EXPECT_EQ(decoder->decode({}, out), 0U) << each.name;
    const Bytes long_packet(65000, 0xff);
    EXPECT_EQ(decoder->length(long_packet), 0U) << each.name;
    EXPECT_EQ(decoder->decode(long_packet, out), 0U) << each.name;
  }
  const Bytes odd(3);
  EXPECT_EQ(decoder_of(codec("L16", 8000))->length(odd), 0U);
}

TEST(Codec, takes_the_longest_opus_packet_and_none_longer) {
  const auto decoder = decoder_of(opus());
  // RFC 6716 §3.2.5: configuration 31 (CELT, 20 ms), code 3, six frames without content; then seven.
  const Bytes longest{0xfb, 6};
  EXPECT_EQ(decoder->length(longest), 5760U);
  Samples out(5760);
  EXPECT_EQ(decoder->decode(longest, out), 5760U);
  const Bytes too_long{0xfb, 7};
  EXPECT_EQ(decoder->length(too_long), 0U);
  EXPECT_EQ(decoder->decode(too_long, out), 0U);
}

TEST(Codec, survives_garbage) {
  base::DeterministicRandom random(3);
  for (const Codec& each : codecs().first(codecs().size() - 1)) {
    const auto decoder = decoder_of(each);
    Samples out(samples_in(kLongestPacket, each.rate));
    for (int round = 0; round < 300; ++round) {
      Bytes payload(random.between(0, 300));
      std::ranges::generate(payload, [&] { return static_cast<std::uint8_t>(random.next()); });
      ASSERT_LE(decoder->decode(payload, out), decoder->length(payload));
      decoder->decode_fec(payload, std::span(out).first(random.between(0, out.size())));
      decoder->conceal(std::span(out).first(random.between(0, out.size())));
    }
  }
}

TEST(Codec, hides_a_lost_frame_of_a_voice) {
  for (const Codec& each : {opus(), codec("G722", 8000), codec("PCMU", 8000), codec("PCMA", 8000), codec("L16", 16000)}) {
    const auto encoder = encoder_of(each);
    const auto decoder = decoder_of(each);
    const std::size_t frame = samples_in(kFrame, each.rate);
    // 200 Hz: a pitch that all of them find.
    const Samples voice = tone(200, each.rate, 12 * frame, -12);
    for (std::size_t i = 0; i < 10; ++i) {
      decoded(*decoder, encoded(*encoder, std::span(voice).subspan(i * frame, frame)));
    }
    Samples hole(frame);
    decoder->conceal(hole);
    EXPECT_GT(level_dbov(hole), -24) << each.name;
    EXPECT_NEAR(tone_dbov(hole, 200, each.rate), level_dbov(hole), 4) << each.name;
    for (int i = 0; i < 100; ++i) {
      decoder->conceal(hole);
    }
    EXPECT_LT(level_dbov(hole), -50) << each.name;
  }
}

TEST(Codec, conceals_any_number_of_samples) {
  for (const Codec& each : codecs().first(codecs().size() - 1)) {
    const auto encoder = encoder_of(each);
    const auto decoder = decoder_of(each);
    decoded(*decoder, encoded(*encoder, tone(200, each.rate, samples_in(kFrame, each.rate))));
    for (const std::size_t count : {0U, 1U, 7U, 100U, 121U, 961U, 20000U}) {
      Samples out(count + 1, 12345);
      decoder->conceal(std::span(out).first(count));
      EXPECT_EQ(out.back(), 12345) << each.name << ' ' << count;
    }
  }
}

TEST(Codec, finds_a_lost_frame_in_the_next_packet_of_opus) {
  const auto repaired_level = [](bool in_band_fec) {
    const CodecOptions options{.rate = kWideband, .in_band_fec = in_band_fec};
    const auto encoder = encoder_of(opus(), options);
    const auto decoder = decoder_of(opus(), options);
    encoder->set_expected_loss(0.2);
    const Samples speech = speech_like(kWideband, 16000);
    for (std::size_t i = 0; i < 25; ++i) {
      decoded(*decoder, encoded(*encoder, std::span(speech).subspan(i * 320, 320)));
    }
    // Silence until now and a sound only in the frame that is lost: no guess can know it.
    for (int i = 0; i < 25; ++i) {
      decoded(*decoder, encoded(*encoder, Samples(320)));
    }
    encoded(*encoder, std::span(speech).subspan(8000, 320));
    const Bytes next = encoded(*encoder, std::span(speech).subspan(8320, 320));
    Samples repaired(320);
    decoder->decode_fec(next, repaired);
    return level_dbov(repaired);
  };
  EXPECT_GT(repaired_level(true), -40);
  EXPECT_LT(repaired_level(false), -60);
}

TEST(ComfortNoise, says_its_level_in_one_byte) {
  EXPECT_EQ(comfort_noise_payload(-60), 60);
  EXPECT_EQ(comfort_noise_payload(-500), 127);
  EXPECT_EQ(comfort_noise_payload(3), 0);
  EXPECT_EQ(comfort_noise_level(Bytes{60, 1, 2, 3}), -60);
  EXPECT_EQ(comfort_noise_level(Bytes{0x80 | 45}), -45);
  EXPECT_EQ(comfort_noise_level({}), std::nullopt);
}

TEST(ComfortNoise, has_the_level_that_was_asked_for) {
  for (const double level : {-20.0, -45.0, -60.0}) {
    ComfortNoiseSource source(level);
    Samples samples(8000);
    EXPECT_EQ(source.read(samples), 8000U);
    EXPECT_NEAR(level_dbov(samples), level, 0.5);
    source.set_level(0);
    source.read(samples);
    EXPECT_NEAR(level_dbov(samples), -10, 0.5);
  }
}

}  // namespace
}  // namespace callwright::audio
