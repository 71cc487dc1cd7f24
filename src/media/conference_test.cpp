#include "media/two_streams.hpp"

#include <cmath>
#include <complex>
#include <numbers>

namespace callwright::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

constexpr ConferenceId kRoom{100};

struct Speaks {
  const char* codec = "PCMU";
  std::uint32_t clock_rate = 8000;
  std::uint8_t type = 0;
};
constexpr Speaks kPcmu{};
constexpr Speaks kPcma{"PCMA", 8000, 8};
constexpr Speaks kG722{"G722", 8000, 9};
constexpr Speaks kWide{"L16", 16000, 96};
constexpr Speaks kNarrow{"L16", 8000, 97};
constexpr Speaks kFull{"L16", 48000, 98};
constexpr Speaks kOpus{"opus", 48000, 99};

/// Phones, each with a tone of its own, and for each a stream of ours in one conference.
class Conferences : public TwoStreams {
 protected:
  struct Party {
    Stream* phone;
    Stream* leg;
    double tone;
    HearingTap tap;
    std::vector<audio::Sample>& heard = tap.samples;
  };

  Party& add(const Speaks& speaks, const ConferenceParty& options = {}) {
    auto& party = *parties_.emplace_back(std::make_unique<Party>());
    const std::uint64_t number = 2 * parties_.size() - 1;
    party.phone = number == 1 ? &alice_ : &streams_.add(StreamId{number}, "", *this);
    party.leg = number == 1 ? &bob_ : &streams_.add(StreamId{number + 1}, "", *this);
    party.tone = 400 + 130 * static_cast<double>(parties_.size() - 1);
    start(party, speaks);
    play(*party.phone, party.tone, -28);
    party.phone->add_tap(party.tap);
    streams_.confer(kRoom, party.leg->id(), options);
    return party;
  }

  static StreamParameters parameters(const Stream& to, const Speaks& speaks) {
    StreamParameters parameters = parameters_towards(static_cast<std::uint16_t>(1000 * to.id().value));
    parameters.codec = audio::find_codec(speaks.codec, speaks.clock_rate, speaks.codec == kOpus.codec ? 2 : 1);
    parameters.send_payload_type = parameters.receive_payload_type = sdp::PayloadType{speaks.type};
    return parameters;
  }
  void start(Party& party, const Speaks& speaks, sdp::Direction of_leg = sdp::Direction::SendRecv) {
    party.phone->start(parameters(*party.leg, speaks), clock_.now());
    StreamParameters ours = parameters(*party.phone, speaks);
    ours.direction = of_leg;
    party.leg->start(ours, clock_.now());
  }

  /// In the last second of `samples`.
  static double level_of(double frequency_hz, const std::vector<audio::Sample>& samples, audio::SampleRate rate) {
    const auto count = static_cast<std::size_t>(rate);
    if (samples.size() < count) {
      return audio::kSilenceDbov;
    }
    std::complex<double> sum = 0;
    const auto step = std::polar(1.0, -2 * std::numbers::pi * frequency_hz / static_cast<double>(rate));
    std::complex<double> turn = 1;
    for (std::size_t i = samples.size() - count; i < samples.size(); ++i, turn *= step) {
      sum += samples[i] / 32768.0 * turn;
    }
    return 10 * std::log10(2 * std::norm(sum / static_cast<double>(count)) + 1e-10);
  }
  static double level_of(const Party& speaker, const Party& listener) { return level_of(speaker.tone, listener.heard, listener.phone->rate()); }

  void expect_all_hear_all_others() {
    for (const auto& listener : parties_) {
      for (const auto& speaker : parties_) {
        if (speaker == listener) {
          EXPECT_LT(level_of(*speaker, *listener), -50) << speaker->tone << " is heard by itself";
        } else {
          EXPECT_NEAR(level_of(*speaker, *listener), -28, 2) << speaker->tone << " by " << listener->tone;
        }
      }
    }
  }

  /// What a leg sends is whole: no packet is missing, none is late by its number or its time.
  void expect_seamless(const Party& party, std::uint32_t ticks) {
    const auto& packets = sent_[party.leg->id()];
    for (std::size_t i = 1; i < packets.size(); ++i) {
      ASSERT_EQ(packets[i].sequence, static_cast<std::uint16_t>(packets[i - 1].sequence + 1)) << i;
      ASSERT_EQ(static_cast<std::uint32_t>(packets[i].timestamp) - static_cast<std::uint32_t>(packets[i - 1].timestamp), ticks) << i;
    }
  }

  /// From sample to sample, since `from`.
  static int steepest(const Party& party, std::size_t from = 0) {
    int steepest = 0;
    for (std::size_t i = from + 1; i < party.heard.size(); ++i) {
      steepest = std::max(steepest, std::abs(party.heard[i] - party.heard[i - 1]));
    }
    return steepest;
  }

  Conference& room_ = streams_.add_conference(kRoom, {});
  std::vector<std::unique_ptr<Party>> parties_;
};

TEST_F(Conferences, let_each_hear_all_others_and_not_itself_whatever_they_speak) {
  const std::array all{kPcmu, kG722, kWide, kPcma, kFull, kOpus, kNarrow, kPcmu, kG722, kWide};
  for (const Speaks& speaks : all) {
    add(speaks);
    if (parties_.size() == 3 || parties_.size() == 6 || parties_.size() == all.size()) {
      run(seconds(2));
      SCOPED_TRACE(parties_.size());
      expect_all_hear_all_others();
    }
  }
  EXPECT_EQ(room_.size(), all.size());
}

TEST_F(Conferences, of_one_are_silent) {
  const Party& alone = add(kPcmu);
  run(seconds(2));
  EXPECT_THAT(alone.heard, testing::SizeIs(testing::Gt(10000U)));
  EXPECT_LT(steepest(alone), 20);
}

TEST_F(Conferences, mute_and_change_the_gain_of_a_party) {
  Party& alice = add(kPcmu);
  Party& bob = add(kG722);
  Party& carol = add(kWide, {.muted = true});
  run(seconds(2));
  EXPECT_LT(level_of(carol, bob), -60);
  EXPECT_NEAR(level_of(bob, carol), -28, 1) << "who is muted hears";
  streams_.confer(kRoom, carol.leg->id(), {});
  streams_.confer(kRoom, alice.leg->id(), {.gain_db = -10});
  run(seconds(2));
  EXPECT_NEAR(level_of(carol, bob), -28, 1);
  EXPECT_NEAR(level_of(alice, bob), -38, 1);
  EXPECT_NEAR(level_of(alice, carol), -38, 1);
  EXPECT_EQ(room_.size(), 3U);
}

TEST_F(Conferences, let_listeners_hear_and_not_be_heard) {
  Party& alice = add(kPcmu);
  Party& bob = add(kPcmu);
  Party& listener = add(kG722, {.role = ConferenceParty::Role::Listen});
  run(seconds(2));
  EXPECT_NEAR(level_of(alice, listener), -28, 1);
  EXPECT_NEAR(level_of(bob, listener), -28, 1);
  EXPECT_LT(level_of(listener, alice), -60);
  streams_.confer(kRoom, listener.leg->id(), {});
  run(seconds(2));
  expect_all_hear_all_others();
}

TEST_F(Conferences, go_on_without_a_click_when_somebody_leaves) {
  add(kWide);
  Party& bob = add(kWide);
  Party& carol = add(kWide);
  run(milliseconds(2010));
  const std::size_t before = bob.heard.size();
  const int usual = steepest(bob, before - 16000);
  carol.leg->part();
  run(seconds(2));
  EXPECT_LT(level_of(carol, bob), -60);
  EXPECT_NEAR(level_of(*parties_[0], bob), -28, 1);
  EXPECT_LT(level_of(bob, carol), -60) << "who left hears nothing";
  EXPECT_LE(steepest(bob, before - 1000), usual + 10);
  EXPECT_EQ(room_.size(), 2U);
  streams_.confer(kRoom, carol.leg->id(), {});
  run(seconds(2));
  expect_all_hear_all_others();
  expect_seamless(bob, 320);
}

TEST_F(Conferences, go_on_when_somebody_holds_is_silent_or_loses_packets) {
  Party& alice = add(kPcmu);
  Party& bob = add(kG722);
  Party& holder = add(kPcma);
  Party& silent = add(kPcmu);
  run(seconds(2));
  start(holder, kPcma, sdp::Direction::SendOnly);
  streams_.remove(silent.phone->id());
  run(seconds(2));
  EXPECT_NEAR(level_of(alice, bob), -28, 1);
  EXPECT_NEAR(level_of(bob, alice), -28, 1);
  EXPECT_LT(level_of(holder, bob), -60) << "we have said that we do not listen";
  EXPECT_LT(level_of(silent, bob), -60);
  start(holder, kPcma, sdp::Direction::Inactive);
  loss_ = 0.1;
  run(seconds(3));
  EXPECT_NEAR(level_of(alice, bob), -28, 3);
  loss_ = 0;
  start(holder, kPcma);
  run(seconds(2));
  EXPECT_NEAR(level_of(holder, alice), -28, 1);
  EXPECT_NEAR(level_of(alice, holder), -28, 1);
  expect_seamless(alice, 160);
  expect_seamless(bob, 160);
}

TEST_F(Conferences, take_a_party_whose_codec_changes) {
  Party& alice = add(kPcmu);
  add(kG722);
  add(kPcmu);
  run(seconds(1));
  alice.phone->remove_tap(alice.tap);
  start(alice, kFull);
  alice.heard.clear();
  alice.phone->add_tap(alice.tap);
  run(seconds(3));
  expect_all_hear_all_others();
}

TEST_F(Conferences, say_something_to_all_and_record_all) {
  Party& alice = add(kPcmu);
  Party& bob = add(kG722);
  HearingTap tap;
  const std::vector<audio::Sample>& recording = tap.samples;
  room_.add_tap(tap);
  room_.set_source(blocking_make_source(Tone{1500, -20}, audio::kNarrowband).value(), audio::kNarrowband);
  run(seconds(2));
  for (const Party* party : {&alice, &bob}) {
    EXPECT_NEAR(level_of(1500, party->heard, party->phone->rate()), -20, 1);
    EXPECT_NEAR(level_of(party->tone, recording, room_.rate()), -28, 1);
  }
  EXPECT_NEAR(level_of(1500, recording, room_.rate()), -20, 1);
  EXPECT_NEAR(static_cast<double>(recording.size()), 32000, 320);
  room_.set_source(std::make_unique<audio::ToneSource>(900, -20, room_.rate()), room_.rate());
  room_.remove_tap(tap);
  EXPECT_FALSE(room_.tapped());
  run(seconds(2));
  EXPECT_LT(level_of(1500, bob.heard, bob.phone->rate()), -60);
  EXPECT_NEAR(level_of(900, bob.heard, bob.phone->rate()), -20, 1);
  room_.set_source(nullptr, room_.rate());
  run(seconds(2));
  EXPECT_LT(level_of(900, bob.heard, bob.phone->rate()), -60);
  EXPECT_NEAR(static_cast<double>(recording.size()), 32000, 320);
  expect_all_hear_all_others();
}

TEST_F(Conferences, tell_when_what_they_say_is_over) {
  add(kPcmu);
  const audio::TonePattern beep{.components = {{800, -20}}, .cadence = {milliseconds(200)}, .rounds = 1};
  room_.set_source(blocking_make_source(beep, room_.rate()).value(), room_.rate());
  run(milliseconds(100));
  EXPECT_THAT(events_of<SourceEnded>(kRoom), IsEmpty());
  run(milliseconds(200));
  EXPECT_THAT(events_of<SourceEnded>(kRoom), SizeIs(1));
  run(seconds(1));
  EXPECT_THAT(events_of<SourceEnded>(kRoom), SizeIs(1));
}

TEST_F(Conferences, hear_the_keys_of_each_party_and_press_none_at_the_others) {
  Party& alice = add(kPcmu);
  Party& bob = add(kPcmu);
  StreamParameters to_leg = parameters(*alice.leg, kPcmu);
  StreamParameters to_phone = parameters(*alice.phone, kPcmu);
  to_leg.send_event_payload_type = to_phone.receive_event_payload_type = sdp::PayloadType{101};
  alice.phone->start(to_leg, clock_.now());
  alice.leg->start(to_phone, clock_.now());
  run(milliseconds(500));
  ASSERT_TRUE(alice.phone->press("5", {}));
  run(seconds(1));
  ASSERT_THAT(events_of<KeyPressed>(alice.leg->id()), SizeIs(1));
  EXPECT_EQ(events_of<KeyPressed>(alice.leg->id())[0].key, '5');
  EXPECT_THAT(events_of<KeyPressed>(bob.phone->id()), IsEmpty());
}

TEST_F(Conferences, keep_the_pace_when_ticks_come_early_or_late_or_not_at_all) {
  Party& alice = add(kPcmu);
  clock_.advance(milliseconds(7));  // Bob's frames are due at other times.
  Party& bob = add(kPcmu);
  run(milliseconds(500));
  for (int i = 0; i < 200; ++i) {
    const auto late = milliseconds(i % 3 * 4);
    clock_.advance(late);
    deliver();
    streams_.tick(clock_.now(), clock_.wall_now());
    clock_.advance(Stream::kFrame - late);
  }
  expect_seamless(alice, 160);
  expect_seamless(bob, 160);
  clock_.advance(milliseconds(730));
  run(seconds(3));
  expect_all_hear_all_others();
  const auto& packets = sent_[alice.leg->id()];
  const auto passed = static_cast<std::uint32_t>(packets.back().timestamp) - static_cast<std::uint32_t>(packets.front().timestamp);
  EXPECT_NEAR(passed, (500 + 200 * 20 + 730 + 3000) * 8, 7 * 160) << "the time in which nothing was sent passed all the same";
  clock_.advance(seconds(15));
  run(seconds(3));
  expect_all_hear_all_others();
}

TEST_F(Conferences, are_left_for_a_joint_and_the_other_way_round) {
  Party& alice = add(kPcmu);
  Party& bob = add(kPcmu);
  Party& carol = add(kPcmu);
  run(seconds(1));
  streams_.join(alice.leg->id(), carol.leg->id());
  run(seconds(2));
  EXPECT_EQ(room_.size(), 1U);
  EXPECT_NEAR(level_of(alice, carol), -28, 1);
  EXPECT_LT(level_of(bob, carol), -60);
  streams_.confer(kRoom, alice.leg->id(), {});
  streams_.confer(kRoom, carol.leg->id(), {});
  run(seconds(2));
  expect_all_hear_all_others();
  streams_.remove_conference(kRoom);
  run(seconds(2));
  EXPECT_LT(level_of(bob, alice), -60);
  for (const auto& party : parties_) {
    streams_.remove(party->leg->id());
  }
}

TEST(ConferenceOptions, know_which_rates_there_are) {
  EXPECT_TRUE(ConferenceOptions{}.check());
  EXPECT_FALSE(ConferenceOptions{.rate = audio::SampleRate{12000}}.check());
}

}  // namespace
}  // namespace callwright::media
