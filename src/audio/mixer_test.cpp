#include "audio/mixer.hpp"

#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <complex>
#include <map>
#include <numbers>

namespace callwright::audio {
namespace {

using Role = MixerParty::Role;
using Samples = std::vector<Sample>;

/// Parties that hold a tone each, and what they heard.
class Conference {
 public:
  MixerPartyId add(double frequency_hz, const MixerParty& party) {
    const MixerPartyId id = mixer.add(party).value();
    voices_.emplace(id, Voice{party.rate, ToneSource(frequency_hz, -20, party.rate), {}});
    return id;
  }

  void run(int ticks) {
    for (int i = 0; i < ticks; ++i) {
      for (auto& [id, voice] : voices_) {
        Samples frame(static_cast<std::size_t>(voice.rate) / 50);
        voice.tone.read(frame);
        mixer.put(id, frame);
      }
      mixer.mix();
      for (auto& [id, voice] : voices_) {
        const auto frame = mixer.heard_by(id);
        voice.heard.insert(voice.heard.end(), frame.begin(), frame.end());
      }
    }
  }

  /// In the last 100 ms.
  double level_of(double frequency_hz, MixerPartyId listener) const {
    const Voice& voice = voices_.at(listener);
    const double rate = static_cast<double>(voice.rate);
    const auto count = static_cast<std::size_t>(rate / 10);
    std::complex<double> sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      sum += voice.heard[voice.heard.size() - count + i] / 32768.0 * std::polar(1.0, -2 * std::numbers::pi * frequency_hz * static_cast<double>(i) / rate);
    }
    return 10 * std::log10(2 * std::norm(sum / static_cast<double>(count)) + 1e-12);
  }
  const Samples& heard(MixerPartyId listener) const { return voices_.at(listener).heard; }

  Mixer mixer;

 private:
  struct Voice {
    SampleRate rate;
    ToneSource tone;
    Samples heard;
  };
  std::map<MixerPartyId, Voice> voices_;
};

TEST(Mixer, lets_everybody_hear_all_others_but_not_themselves_at_every_rate) {
  Conference conference;
  std::map<MixerPartyId, double> tones;
  double frequency = 500;
  for (const unsigned rate : {8000U, 16000U, 24000U, 32000U, 44100U, 48000U, 8000U, 48000U}) {
    tones[conference.add(frequency, {.rate = SampleRate{rate}})] = frequency;
    frequency += 100;
  }
  conference.run(20);
  for (const auto& [listener, own] : tones) {
    EXPECT_EQ(conference.heard(listener).size() % 20, 0U);
    for (const auto& [speaker, tone] : tones) {
      const double level = conference.level_of(tone, listener);
      if (speaker == listener) {
        EXPECT_LT(level, -60) << own;
      } else {
        EXPECT_NEAR(level, -20, 0.5) << own << ' ' << tone;
      }
    }
  }
}

TEST(Mixer, gives_each_party_frames_of_its_own_length) {
  Conference conference;
  for (const unsigned rate : {8000U, 44100U, 48000U}) {
    const auto talker = conference.add(500, {.rate = SampleRate{rate}});
    const auto listener = conference.add(0, {.role = Role::Listen, .rate = SampleRate{rate}});
    for (int i = 0; i < 50; ++i) {
      conference.run(1);
      EXPECT_EQ(conference.mixer.heard_by(talker).size(), rate / 50);
      EXPECT_EQ(conference.mixer.heard_by(listener).size(), rate / 50);
    }
  }
}

TEST(Mixer, knows_who_only_listens_and_who_only_speaks) {
  Conference conference;
  const auto talker = conference.add(500, {});
  const auto announcement = conference.add(600, {.role = Role::Speak});
  const auto one = conference.add(700, {.role = Role::Listen});
  const auto other = conference.add(800, {.role = Role::Listen});
  conference.run(20);
  EXPECT_NEAR(conference.level_of(600, talker), -20, 0.5);
  EXPECT_LT(conference.level_of(700, talker), -60);
  EXPECT_TRUE(conference.heard(announcement).empty());
  EXPECT_NEAR(conference.level_of(500, one), -20, 0.5);
  EXPECT_NEAR(conference.level_of(600, one), -20, 0.5);
  EXPECT_EQ(conference.mixer.heard_by(one).data(), conference.mixer.heard_by(other).data()) << "one mix for both";
  conference.mixer.remove(one);
  EXPECT_FALSE(conference.mixer.heard_by(other).empty());
}

TEST(Mixer, mutes_and_sets_levels_without_a_click) {
  Conference conference;
  const auto speaker = conference.add(500, {});
  const auto listener = conference.add(900, {});
  conference.run(10);
  conference.mixer.set_gain(speaker, -10);
  conference.run(10);
  EXPECT_NEAR(conference.level_of(500, listener), -30, 0.2);
  conference.mixer.set_muted(speaker, true);
  conference.run(10);
  EXPECT_LT(conference.level_of(500, listener), -90);
  EXPECT_NEAR(conference.level_of(900, speaker), -20, 0.2) << "who is muted still hears";
  conference.mixer.set_muted(speaker, false);
  conference.mixer.set_gain(speaker, 6);
  conference.run(10);
  EXPECT_NEAR(conference.level_of(500, listener), -14, 0.2);
  const Samples& heard = conference.heard(listener);
  const double steepest = 32768 * std::pow(10.0, -11 / 20.0) * 2 * std::numbers::pi * 500 / 8000 * 1.05;
  for (std::size_t i = 1; i < heard.size(); ++i) {
    ASSERT_LE(std::abs(heard[i] - heard[i - 1]), steepest) << i;
  }
}

/// No step is steeper than those of tones of these levels.
void expect_no_click(const Samples& heard, std::initializer_list<std::pair<double, double>> tones) {
  double steepest = 100;
  for (const auto& [frequency, level] : tones) {
    steepest += 32768 * std::pow(10.0, (level + 3.01) / 20.0) * 2 * std::numbers::pi * frequency / 8000;
  }
  for (std::size_t i = 1; i < heard.size(); ++i) {
    ASSERT_LE(std::abs(heard[i] - heard[i - 1]), steepest) << i;
  }
}

TEST(Mixer, lets_parties_leave_within_a_sound_without_a_click) {
  for (int ticks = 10; ticks < 14; ++ticks) {
    Conference conference;
    const auto same_rate = conference.add(130, {});
    const auto other_rate = conference.add(190, {.rate = kFullband});
    const auto listener = conference.add(900, {.role = Role::Listen});
    conference.run(ticks);
    conference.mixer.remove(same_rate);
    conference.run(3);
    conference.mixer.remove(other_rate);
    conference.run(10);
    expect_no_click(conference.heard(listener), {{130, -20}, {190, -20}});
    EXPECT_LT(conference.level_of(190, listener), -90);
  }
}

TEST(Mixer, hears_a_rate_again_that_was_silent_or_without_listeners) {
  Conference conference;
  const auto narrow = conference.add(500, {.muted = true});
  const auto wide = conference.add(700, {.rate = kWideband});
  conference.run(20);
  conference.mixer.set_muted(narrow, false);
  conference.run(20);
  EXPECT_NEAR(conference.level_of(500, wide), -20, 0.5);
  conference.mixer.remove(wide);
  conference.run(20);
  const auto newcomer = conference.add(900, {.rate = kWideband});
  conference.run(20);
  EXPECT_NEAR(conference.level_of(500, newcomer), -20, 0.5);
  EXPECT_NEAR(conference.level_of(900, narrow), -20, 0.5);
  EXPECT_LT(conference.level_of(700, narrow), -90);
}

TEST(Mixer, adds_up_more_than_16_bits_before_it_changes_the_rate) {
  Mixer mixer;
  const auto loud = mixer.add({}).value();
  const auto too_loud = mixer.add({}).value();
  const auto opposite = mixer.add({.rate = kWideband}).value();
  const auto listener = mixer.add({.role = Role::Listen, .rate = kWideband}).value();
  for (int i = 0; i < 5; ++i) {
    mixer.put(loud, Samples(160, 30000));
    mixer.put(too_loud, Samples(160, 30000));
    mixer.put(opposite, Samples(320, -30000));
    mixer.mix();
  }
  EXPECT_NEAR(mixer.heard_by(listener)[160], 30000, 30);
}

TEST(Mixer, is_silent_where_nothing_is_put) {
  Mixer mixer;
  const auto one = mixer.add({}).value();
  const auto other = mixer.add({}).value();
  mixer.put(one, Samples(160, 1000));
  mixer.mix();
  EXPECT_EQ(mixer.heard_by(other)[0], 1000);
  EXPECT_EQ(mixer.heard_by(one)[0], 0);
  mixer.mix();
  EXPECT_NEAR(mixer.heard_by(other)[0], 1000, 10) << "the frame of the tick before goes on";
  EXPECT_EQ(mixer.heard_by(other)[159], 0) << "and fades out";
  mixer.mix();
  EXPECT_THAT(mixer.heard_by(other), testing::Each(0)) << "it is over";
  mixer.put(one, Samples(100, 7));
  mixer.put(one, Samples(160, 9));
  mixer.mix();
  EXPECT_EQ(mixer.heard_by(other)[99], 7);
  EXPECT_EQ(mixer.heard_by(other)[100], 0) << "a short frame is followed by silence";
}

TEST(Mixer, cuts_what_is_too_loud_once_at_the_end) {
  Mixer mixer;
  std::vector<MixerPartyId> parties;
  for (int i = 0; i < 5; ++i) {
    parties.push_back(mixer.add({}).value());
  }
  mixer.put(parties[0], Samples(160, 30000));
  mixer.put(parties[1], Samples(160, 30000));
  mixer.put(parties[2], Samples(160, -30000));
  mixer.mix();
  EXPECT_EQ(mixer.heard_by(parties[4])[80], 30000) << "the sum fits, whatever came first";
  EXPECT_EQ(mixer.heard_by(parties[2])[80], 32767);
  EXPECT_EQ(mixer.heard_by(parties[0])[80], 0);
}

TEST(Mixer, passes_over_who_is_gone) {
  Mixer mixer;
  const auto one = mixer.add({}).value();
  mixer.remove(one);
  mixer.remove(one);
  mixer.put(one, Samples(160));
  mixer.set_muted(one, true);
  mixer.set_gain(one, 3);
  mixer.mix();
  EXPECT_TRUE(mixer.heard_by(one).empty());
  EXPECT_EQ(mixer.size(), 0U);
}

TEST(Mixer, refuses_impossible_parties) {
  Mixer mixer;
  EXPECT_FALSE(mixer.add({.rate = SampleRate{11025}}));
  EXPECT_FALSE(mixer.add({.gain_db = 21}));
  EXPECT_FALSE(mixer.add({.gain_db = std::nan("")}));
  EXPECT_THROW(Mixer(std::chrono::milliseconds(15)), std::invalid_argument);
}

}  // namespace
}  // namespace callwright::audio
