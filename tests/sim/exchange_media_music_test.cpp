// Music for a held party.
#include "sim/exchange_media_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::MediaMode;
using testing::HasSubstr;

/// The number in the o= line after the session's.
int version_of(const std::string& description) {
  const std::size_t at = description.find("\r\no=");
  const std::size_t number = description.find(' ', description.find(' ', at) + 1) + 1;
  return std::stoi(description.substr(number));
}

struct CallWithMusic : MediaWorld {
  CallWithMusic() : MediaWorld(options()), alice(add_phone("alice")), bob(add_phone("bob")), leg(alice.call("bob")) {
    run_for(1s);
    EXPECT_TRUE(exchange_media.streams().empty());
    clear_wire();
  }
  static Options options() {
    Options made = with(MediaMode::Auto);
    made.exchange.media.hold_music = media::SoundFile{"hold.wav", audio::Repeat::Loop};
    return made;
  }
  ScriptedPhone& alice;
  ScriptedPhone& bob;
  PhoneLeg& leg;
};

TEST(ExchangeMedia, of_a_held_party_are_music) {
  auto options = with(MediaMode::Relay);
  options.exchange.media.hold_music = media::SoundFile{"hold.wav", audio::Repeat::Loop};
  RelayedCall world(std::move(options));
  world.leg.reinvite(world.alice.sdp(2, "inactive"));
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "bob", ""), 0U) << "he need not know";
  EXPECT_THAT(world.leg.remote_sdp(), HasSubstr("a=inactive"));
  EXPECT_TRUE(std::holds_alternative<media::SoundFile>(world.streams()[1]->source));
  EXPECT_TRUE(std::holds_alternative<media::Silence>(world.streams()[0]->source));
  world.leg.reinvite(world.alice.sdp(3));
  world.run_for(1s);
  EXPECT_TRUE(std::holds_alternative<media::Silence>(world.streams()[1]->source));
  EXPECT_THAT(world.leg.remote_sdp(), HasSubstr("a=sendrecv"));
  world.end(world.alice);
}

TEST(ExchangeMedia, are_taken_in_when_a_held_party_is_to_hear_music) {
  CallWithMusic world;
  const std::string before = world.leg.remote_sdp();
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  const std::string offer = world.message("X", "bob", "INVITE").body();
  EXPECT_THAT(offer, HasSubstr(kOurs));
  EXPECT_THAT(offer, HasSubstr("a=sendrecv"));
  EXPECT_THAT(offer, HasSubstr("\r\no=alice 1 ")) << "goes on as the description of alice";
  EXPECT_GT(version_of(offer), version_of(world.alice.sdp(2)));
  EXPECT_THAT(world.leg.remote_sdp(), HasSubstr(kOurs));
  EXPECT_EQ(world.leg.hears(), "bob");
  EXPECT_GT(version_of(world.leg.remote_sdp()), version_of(before));
  auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<media::SoundFile>(streams[1]->source)) << "to bob";
  EXPECT_EQ(streams[0]->joined, streams[1]->opened.id);
  EXPECT_EQ(streams[0]->listening.when, media::Listening::Alone) << "decoded only while somebody needs the sound";
  world.end(world.alice);
}

/// Where a description wants its media, which is an address of a phone.
std::string place_of(const std::string& description) {
  const std::size_t at = description.find("\r\nc=IN IP4 ") + 11;
  return description.substr(at, description.find("\r\n", at) - at);
}

struct HeldCallWithMusic : CallWithMusic {
  HeldCallWithMusic() {
    alice.script.address = "203.0.113.7";
    bob.script.address = "203.0.113.8";
    leg.reinvite(alice.sdp(2, "sendonly"));
    run_for(1s);
    EXPECT_EQ(streams().size(), 2U);
    at_alice = version_of(leg.remote_sdp());
    at_bob = version_of(bob.leg(0).remote_sdp());
    clear_wire();
  }
  void resume(int version = 3) {
    leg.reinvite(alice.sdp(version));
    run_for(1s);
  }
  /// From phone to phone, and each has got to know so by a description that is newer than the one before.
  void expect_outside() {
    EXPECT_TRUE(streams().empty());
    EXPECT_EQ(place_of(leg.remote_sdp()), "203.0.113.8");
    EXPECT_EQ(place_of(bob.leg(0).remote_sdp()), "203.0.113.7");
    EXPECT_EQ(leg.hears(), "bob");
    EXPECT_EQ(bob.leg(0).hears(), "alice");
    EXPECT_GT(version_of(leg.remote_sdp()), std::exchange(at_alice, version_of(leg.remote_sdp())));
    EXPECT_GT(version_of(bob.leg(0).remote_sdp()), std::exchange(at_bob, version_of(bob.leg(0).remote_sdp())));
  }
  int at_alice = 0;  ///< Versions of the descriptions that they had last.
  int at_bob = 0;
};

TEST(ExchangeMedia, bypass_the_exchange_again_when_nobody_is_held_any_more) {
  HeldCallWithMusic world;
  world.resume();
  world.expect_outside();
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 1U);
  EXPECT_EQ(world.count("X", "alice", "INVITE"), 0U) << "with the re-INVITE of alice, and no other";
  world.exchange_media.finish_closing();
  EXPECT_EQ(world.events.ended_media.size(), 2U) << "what passed through the exchange is told";
  world.end(world.bob);
}

TEST(ExchangeMedia, are_taken_in_and_let_go_as_often_as_somebody_is_held) {
  HeldCallWithMusic world;
  world.resume();
  world.expect_outside();
  for (int round = 0; round < 3; ++round) {
    const bool alice_holds = round % 2 == 0;
    PhoneLeg& holder = alice_holds ? world.leg : world.bob.leg(0);
    ScriptedPhone& phone = alice_holds ? world.alice : world.bob;
    holder.reinvite(phone.sdp(4 + 2 * round, "sendonly"));
    world.run_for(1s);
    ASSERT_EQ(world.streams().size(), 2U) << round;
    EXPECT_GT(version_of(world.leg.remote_sdp()), std::exchange(world.at_alice, version_of(world.leg.remote_sdp()))) << round;
    EXPECT_GT(version_of(world.bob.leg(0).remote_sdp()), std::exchange(world.at_bob, version_of(world.bob.leg(0).remote_sdp()))) << round;
    holder.reinvite(phone.sdp(5 + 2 * round));
    world.run_for(1s);
    world.expect_outside();
  }
  world.end(world.alice);
}

TEST(ExchangeMedia, keep_their_version_where_a_session_is_only_refreshed_after_that) {
  HeldCallWithMusic world;
  world.resume();
  world.expect_outside();
  world.resume();
  EXPECT_EQ(version_of(world.bob.leg(0).remote_sdp()), world.at_bob);
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 2U);
  world.end(world.alice);
}

TEST(ExchangeMedia, stay_inside_while_the_other_side_holds_too) {
  HeldCallWithMusic world;
  world.bob.leg(0).reinvite(world.bob.sdp(7, "sendonly"));
  world.run_for(1s);
  world.resume();
  ASSERT_EQ(world.streams().size(), 2U);
  EXPECT_TRUE(std::holds_alternative<media::SoundFile>(world.streams()[0]->source)) << "to alice, from now on";
  world.bob.leg(0).reinvite(world.bob.sdp(8));
  world.run_for(1s);
  world.expect_outside();
  world.end(world.alice);
}

TEST(ExchangeMedia, stay_inside_where_the_held_party_refuses_to_have_them_back) {
  HeldCallWithMusic world;
  world.bob.script.reinvite = 488;
  world.resume();
  EXPECT_THAT(world.leg.log(), testing::Contains("re-INVITE 488"));
  ASSERT_EQ(world.streams().size(), 2U);
  EXPECT_TRUE(std::holds_alternative<media::SoundFile>(world.streams()[1]->source)) << "still held";
  world.bob.script.reinvite = 200;
  world.resume(4);
  world.expect_outside();
  world.end(world.alice);
}

TEST(ExchangeMedia, go_back_by_update_as_well) {
  HeldCallWithMusic world;
  world.leg.update(world.alice.sdp(3));
  world.run_for(1s);
  EXPECT_EQ(world.leg.log().back(), "UPDATE 200");
  EXPECT_EQ(world.count("X", "bob", "UPDATE"), 1U);
  EXPECT_TRUE(world.streams().empty());
  EXPECT_EQ(place_of(world.bob.leg(0).remote_sdp()), "203.0.113.7");
  world.end(world.alice);
}

TEST(ExchangeMedia, end_inside_where_the_call_ends_on_its_way_back) {
  HeldCallWithMusic world;
  world.drop("X", "bob", "INVITE");
  world.leg.reinvite(world.alice.sdp(3));
  world.run_for(300ms);
  world.bob.hang_up();
  world.run_for(1s);
  world.stop_dropping();
  EXPECT_TRUE(world.streams().empty());
  EXPECT_TRUE(world.leg.ended());
  world.expect_nothing_left();
}

TEST(ExchangeMedia, stay_outside_when_the_held_party_refuses_to_have_them_taken_in) {
  CallWithMusic world;
  world.bob.script.reinvite = 488;
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  EXPECT_TRUE(world.streams().empty());
  world.bob.script.reinvite = 200;
  world.leg.reinvite(world.alice.sdp(3));
  world.run_for(1s);
  EXPECT_EQ(world.message("X", "bob", "INVITE", 1).body(), world.alice.sdp(3));
  world.end(world.alice);
}

TEST(ExchangeMedia, stay_outside_without_ports_for_music) {
  CallWithMusic world;
  world.exchange_media.refuse_open = base::Error(base::Errc::LimitReached, "no ports");
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  EXPECT_EQ(world.message("X", "bob", "INVITE").body(), world.alice.sdp(2, "sendonly"));
  EXPECT_THAT(world.leg.log(), testing::Contains("re-INVITE 200"));
  world.end(world.alice);
}

}  // namespace
}  // namespace callwright::simulation
