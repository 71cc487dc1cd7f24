// Services of RFC 5359, message by message, as docs/services.md shows them; it names the tests of the others.
#include "sim/exchange_media_world.hpp"
#include "sim/lamp.hpp"
#include "sim/sent_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::CommandId;
using call::MediaMode;
using call::Side;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kCarol = "sip:carol@192.0.2.1";

/// What passes between the exchange and a phone that gets a re-INVITE, is called or is hung up; and between a phone that calls the exchange itself and that.
auto asked() { return ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"); }
auto called() { return ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"); }
auto hung_up() { return ElementsAre("> BYE", "< 200 BYE"); }
auto calling() { return ElementsAre("> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"); }

ExchangeWorld::Options options_with(MediaMode mode) {
  ExchangeWorld::Options options = with(mode);
  options.exchange.media.hold_music = media::SoundFile{"hold.wav", audio::Repeat::Loop};
  return options;
}

struct Services : MediaWorld, testing::Test {
  explicit Services(MediaMode mode = MediaMode::Bypass) : MediaWorld(options_with(mode)) { exchange->open_conferences({{.number = "room", .max_parties = 5}}); }
  /// Alice has called bob.
  void connect() {
    call = &alice.call("bob");
    run_for(2s);
    ASSERT_TRUE(call->confirmed());
    clear_wire();
  }
  std::vector<std::string> told(const call::Command& command) {
    const CommandId id = submit(command);
    run_for(3s);
    return commands.texts(id);
  }
  [[nodiscard]] std::size_t hearing_music() const {
    const auto all = streams();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const auto* stream) { return std::holds_alternative<media::SoundFile>(stream->source); }));
  }
  [[nodiscard]] std::size_t conferring() const {
    const auto all = streams();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const auto* stream) { return stream->conference.has_value(); }));
  }
  void leave() {
    for (ScriptedPhone* const phone : {&alice, &bob, &carol}) {
      phone->hang_up();
    }
    run_for(2s);
    EXPECT_TRUE(streams().empty());
    expect_nothing_left();
  }
  ScriptedPhone& alice = add_phone("alice");
  ScriptedPhone& bob = add_phone("bob");
  ScriptedPhone& carol = add_phone("carol");
  PhoneLeg* call = nullptr;
};

/// The media of calls between two pass through the exchange, too.
struct RelayedServices : Services {
  RelayedServices() : Services(MediaMode::Relay) {}
};

TEST(ExchangeServices, consultation_hold) {
  // RFC 5359 §2.2: Bob holds Alice, asks Carol, and comes back.
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice");
  ScriptedPhone& bob = world.add_phone("bob");
  ScriptedPhone& carol = world.add_phone("carol");
  alice.call("bob");
  world.run_for(1s);
  world.clear_wire();
  bob.leg(0).reinvite(bob.sdp(2, "sendonly"));
  world.run_for(1s);
  EXPECT_THAT(world.ladder("bob", "X"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(alice.leg(0).remote_sdp(), HasSubstr("a=sendonly"));
  world.clear_wire();
  PhoneLeg& question = bob.call("carol");
  world.run_for(1s);
  EXPECT_TRUE(question.confirmed());
  EXPECT_FALSE(alice.leg(0).ended());
  question.hang_up();
  world.run_for(1s);
  EXPECT_THAT(world.ladder("bob", "X"),
              ElementsAre("> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 100 INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK", "> BYE", "< 200 BYE"));
  EXPECT_THAT(world.ladder("X", "carol"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK", "> BYE", "< 200 BYE"));
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre()) << "she goes on waiting";
  EXPECT_TRUE(carol.leg(0).ended());
  world.clear_wire();
  bob.leg(0).reinvite(bob.sdp(3));
  world.run_for(1s);
  EXPECT_THAT(world.ladder("bob", "X"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(alice.leg(0).remote_sdp(), HasSubstr("a=sendrecv"));
  EXPECT_EQ(alice.leg(0).hears(), "bob");
  alice.hang_up();
  world.expect_nothing_left();
}

TEST_F(RelayedServices, music_on_hold) {
  // §2.3: where media pass through the exchange already, it need not ask anybody for the music.
  connect();
  bob.leg(0).reinvite(bob.sdp(2, "sendonly"));
  run_for(1s);
  EXPECT_THAT(ladder("bob", "X"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(ladder("X", "alice"), ElementsAre());
  EXPECT_EQ(hearing_music(), 1U);
  bob.leg(0).reinvite(bob.sdp(3));
  run_for(1s);
  EXPECT_THAT(ladder("X", "alice"), ElementsAre());
  EXPECT_EQ(hearing_music(), 0U);
  leave();
}

struct AutomaticServices : Services {
  AutomaticServices() : Services(MediaMode::Auto) {}
};

TEST_F(AutomaticServices, music_on_hold_for_media_that_bypass_the_exchange) {
  // §2.3: the held party is told where the music comes from, and where its partner is when that comes back.
  connect();
  bob.leg(0).reinvite(bob.sdp(2, "sendonly"));
  run_for(1s);
  EXPECT_THAT(ladder("X", "alice"), asked());
  EXPECT_THAT(message("X", "alice", "INVITE").body(), HasSubstr("c=IN IP4 192.0.2.1\r\n"));
  EXPECT_EQ(hearing_music(), 1U);
  clear_wire();
  bob.leg(0).reinvite(bob.sdp(3));
  run_for(1s);
  EXPECT_THAT(ladder("X", "alice"), asked());
  EXPECT_EQ(alice.leg(0).hears(), "bob");
  EXPECT_TRUE(streams().empty());
  leave();
}

TEST_F(Services, call_hold) {
  // §2.1: Alice holds Bob, and takes him back.
  connect();
  call->reinvite(alice.sdp(2, "sendonly"));
  run_for(1s);
  EXPECT_THAT(ladder("alice", "X"), asked());
  EXPECT_THAT(ladder("X", "bob"), asked());
  EXPECT_EQ(bob.leg(0).remote_sdp(), alice.sdp(2, "sendonly"));
  EXPECT_THAT(call->remote_sdp(), HasSubstr("a=recvonly"));
  clear_wire();
  call->reinvite(alice.sdp(3));
  run_for(1s);
  EXPECT_THAT(ladder("alice", "X"), asked());
  EXPECT_THAT(ladder("X", "bob"), asked());
  EXPECT_EQ(bob.leg(0).remote_sdp(), alice.sdp(3));
  leave();
}

TEST_F(Services, transfer_unattended) {
  // §2.4: Bob sends Alice to Carol, and hangs up when she has answered.
  connect();
  bob.leg(0).refer(kCarol);
  run_for(2s);
  EXPECT_THAT(ladder("bob", "X"), ElementsAre("> REFER", "< 202 REFER", "< NOTIFY", "> 200 NOTIFY", "< NOTIFY", "> 200 NOTIFY", "< NOTIFY", "> 200 NOTIFY"));
  EXPECT_THAT(ladder("X", "alice", call->call_id()),
              ElementsAre("> REFER", "< 202 REFER", "< NOTIFY", "> 200 NOTIFY", "< NOTIFY", "> 200 NOTIFY", "< NOTIFY", "> 200 NOTIFY"));
  EXPECT_EQ(message("X", "alice", "REFER").header("Refer-To"), message("bob", "X", "REFER").header("Refer-To"));
  ASSERT_EQ(alice.legs(), 2U);
  EXPECT_THAT(ladder("alice", "X", alice.leg(1).call_id()),
              ElementsAre("> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 100 INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(ladder("X", "carol"), called());
  EXPECT_THAT(bob.leg(0).log(), testing::Contains("NOTIFY 200 OK"));
  clear_wire();
  bob.leg(0).hang_up();
  run_for(1s);
  EXPECT_THAT(ladder("bob", "X"), hung_up());
  EXPECT_THAT(ladder("X", "alice"), hung_up());
  EXPECT_EQ(alice.leg(1).hears(), "carol");
  EXPECT_EQ(exchange->calls(), 1U);
  leave();
}

TEST_F(Services, transfer_attended) {
  // §2.5: Bob asks Carol first; then Alice takes his place in the call with her.
  connect();
  bob.leg(0).reinvite(bob.sdp(2, "sendonly"));
  run_for(1s);
  PhoneLeg& question = bob.call("carol");
  run_for(2s);
  ASSERT_TRUE(question.confirmed());
  clear_wire();
  bob.leg(0).refer(kCarol, question);
  run_for(2s);
  EXPECT_THAT(ladder("X", "alice", call->call_id()), testing::Contains("> REFER"));
  EXPECT_THAT(message("X", "alice", "REFER").header("Refer-To"), HasSubstr("?Replaces="));
  ASSERT_EQ(alice.legs(), 2U);
  EXPECT_THAT(ladder("alice", "X", alice.leg(1).call_id()), calling());
  EXPECT_THAT(message("alice", "X", "INVITE", 1).header("Replaces"), HasSubstr(question.call_id()));
  EXPECT_THAT(ladder("X", "carol"), asked()) << "she gets the offer of Alice";
  EXPECT_EQ(message("X", "carol", "INVITE").body(), alice.sdp());
  EXPECT_THAT(ladder("X", "bob", question.call_id()), hung_up());
  EXPECT_THAT(bob.leg(0).log(), testing::Contains("NOTIFY 200 OK"));
  bob.leg(0).hang_up();
  run_for(1s);
  EXPECT_EQ(alice.leg(1).hears(), "carol");
  EXPECT_EQ(bob.active(), 0U);
  EXPECT_EQ(exchange->calls(), 1U);
  leave();
}

TEST_F(Services, transfer_by_instant_message) {
  // §2.6: Alice writes Carol how to take her place in the call with Bob.
  connect();
  const std::string replaces = call->session()->name_at_peer().to_string();
  const std::string uri = "sip:bob@192.0.2.1?Replaces=" + sip::escape_header_value(replaces);
  const SentRequest text(alice, sip::Method::Message, kCarol, {}, "text/plain", "Please take this call: <" + uri + ">");
  run_for(1s);
  EXPECT_EQ(text.status, 200);
  EXPECT_THAT(ladder("alice", "X"), ElementsAre("> MESSAGE", "< 401 MESSAGE", "> MESSAGE", "< 200 MESSAGE"));
  EXPECT_THAT(ladder("X", "carol"), ElementsAre("> MESSAGE", "< 200 MESSAGE"));
  const std::string written = message("X", "carol", "MESSAGE").body();
  const std::size_t begin = written.find('<') + 1;
  clear_wire();
  PhoneLeg& taking = carol.dial(written.substr(begin, written.find('>') - begin), carol.sdp());
  run_for(2s);
  EXPECT_THAT(ladder("carol", "X"), calling());
  EXPECT_EQ(message("carol", "X", "INVITE", 1).header("Replaces"), replaces);
  EXPECT_THAT(ladder("X", "bob"), asked()) << "he gets her offer";
  EXPECT_EQ(message("X", "bob", "INVITE").body(), carol.sdp());
  EXPECT_THAT(ladder("X", "alice"), hung_up());
  EXPECT_EQ(taking.hears(), "bob");
  EXPECT_EQ(bob.leg(0).hears(), "carol");
  EXPECT_TRUE(call->ended());
  EXPECT_EQ(exchange->calls(), 1U);
  leave();
}

TEST_F(Services, conference_third_party_is_added_by_a_program) {
  // §2.10, with the exchange as the focus (RFC 4579 §5.4).
  connect();
  EXPECT_THAT(told(call::CreateConference{.name = "three"}), ElementsAre("Ended"));
  EXPECT_THAT(told(call::AddToConference{.conference = "three", .call_id = call->call_id()}), ElementsAre("ConferenceJoined", "ConferenceJoined", "Ended"));
  EXPECT_THAT(ladder("X", "alice"), asked());
  EXPECT_THAT(ladder("X", "bob"), asked());
  EXPECT_THAT(told(call::AddToConference{.conference = "three", .call_id = {}, .party = {}, .destination = kCarol}),
              ElementsAre("ConferenceCalling", "ConferenceJoined", "Ended"));
  EXPECT_THAT(ladder("X", "carol"), called());
  EXPECT_THAT(message("X", "carol", "INVITE").header("Contact"), EndsWith(";isfocus"));
  EXPECT_EQ(conferring(), 3U);
  clear_wire();
  carol.hang_up();
  run_for(1s);
  EXPECT_THAT(ladder("carol", "X"), ElementsAre("> BYE", "< 200 BYE"));
  EXPECT_EQ(alice.active() + bob.active(), 2U) << "the two go on";
  EXPECT_THAT(told(call::ChangeConference{"three", call::ChangeConference::Change::End}), ElementsAre("Ended"));
  EXPECT_EQ(alice.active() + bob.active(), 0U);
  leave();
}

TEST_F(Services, conference_third_party_is_added_by_a_phone) {
  // §2.10: Alice goes into a room and sends the two others there, one by REFER in their call, one by a call of its own.
  connect();
  PhoneLeg& to_room = alice.call("room");
  run_for(2s);
  EXPECT_THAT(ladder("alice", "X"), calling());
  EXPECT_THAT(message("X", "alice", "200 INVITE").header("Contact"), EndsWith(";isfocus"));
  clear_wire();
  call->refer("sip:room@192.0.2.1");
  run_for(2s);
  EXPECT_THAT(ladder("alice", "X"), ElementsAre("> REFER", "< 202 REFER", "< NOTIFY", "> 200 NOTIFY", "< NOTIFY", "> 200 NOTIFY"));
  EXPECT_EQ(count("bob", "X", "INVITE"), 2U) << "the first is challenged";
  EXPECT_THAT(message("X", "bob", "200 INVITE").header("Contact"), EndsWith(";isfocus"));
  EXPECT_THAT(call->log(), testing::Contains("NOTIFY 200 OK"));
  call->hang_up();
  PhoneLeg& invited = alice.call("carol");
  run_for(2s);
  invited.refer("sip:room@192.0.2.1");
  run_for(2s);
  invited.hang_up();
  run_for(1s);
  EXPECT_EQ(conferring(), 3U);
  EXPECT_FALSE(to_room.ended());
  EXPECT_EQ(alice.active() + bob.active() + carol.active(), 3U) << "each has the room, and nothing else";
  leave();
}

TEST_F(Services, conference_third_party_joins) {
  // §2.11: Carol knows the call of Alice, and joins it (RFC 3911).
  connect();
  carol.script.headers = "Join: " + call->session()->name_at_peer().to_string() + "\r\n";
  PhoneLeg& joining = carol.call("alice");
  run_for(2s);
  EXPECT_THAT(ladder("carol", "X"), calling());
  EXPECT_THAT(ladder("X", "alice"), asked());
  EXPECT_THAT(ladder("X", "bob"), asked());
  EXPECT_TRUE(joining.confirmed());
  EXPECT_EQ(conferring(), 3U);
  leave();
}

TEST_F(Services, call_park) {
  // §2.15: Bob's program parks Alice; Carol fetches her by calling the slot.
  connect();
  EXPECT_THAT(told(call::ParkCall{{call->call_id(), Side::Caller}, "701"}), ElementsAre("Parked 701", "Ended"));
  EXPECT_THAT(ladder("X", "bob"), hung_up());
  EXPECT_THAT(ladder("X", "alice"), asked());
  EXPECT_EQ(hearing_music(), 1U);
  clear_wire();
  PhoneLeg& fetching = carol.call("701");
  run_for(2s);
  EXPECT_THAT(ladder("carol", "X"), calling());
  EXPECT_THAT(ladder("X", "alice"), asked());
  EXPECT_TRUE(fetching.confirmed());
  EXPECT_FALSE(call->ended());
  EXPECT_EQ(hearing_music(), 0U);
  EXPECT_EQ(exchange->calls(), 1U);
  leave();
}

TEST_F(Services, call_pickup) {
  // §2.16: Carol watches Bob's calls, sees one ring, and takes it.
  Lamp lamp(carol, "bob", "dialog");
  bob.script.answer = 0;
  run_for(1s);
  EXPECT_THAT(ladder("carol", "X"), ElementsAre("> SUBSCRIBE", "< 401 SUBSCRIBE", "> SUBSCRIBE", "< 200 SUBSCRIBE", "< NOTIFY", "> 200 NOTIFY"));
  clear_wire();
  call = &alice.call("bob");
  run_for(1s);
  EXPECT_THAT(ladder("X", "bob"), ElementsAre("> INVITE", "< 180 INVITE"));
  ASSERT_THAT(lamp.bodies.back(), HasSubstr("<state>early</state>"));
  clear_wire();
  const std::string name =
      bob.leg(0).session()->dialog().call_id + ";to-tag=" + bob.leg(0).session()->dialog().remote_tag + ";from-tag=" + bob.leg(0).session()->dialog().local_tag;
  PhoneLeg& pickup = carol.dial("sip:alice@192.0.2.1?Replaces=" + sip::escape_header_value(name + ";early-only"), carol.sdp());
  run_for(2s);
  EXPECT_THAT(ladder("carol", "X", pickup.call_id()), calling());
  EXPECT_THAT(ladder("X", "bob"), ElementsAre("> CANCEL", "< 200 CANCEL", "< 487 INVITE", "> ACK"));
  EXPECT_THAT(ladder("X", "alice"), ElementsAre("> 200 INVITE", "< ACK", "> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_EQ(pickup.hears(), "alice");
  EXPECT_EQ(call->hears(), "carol");
  lamp.subscriber->stop();
  run_for(1s);
  leave();
}

TEST_F(Services, click_to_dial) {
  // §2.18: a program has Alice's phone call Bob.
  const CommandId id = start("alice", "bob", "click");
  ASSERT_TRUE(run_until_ended(id));
  run_for(2s);
  EXPECT_THAT(ladder("X", "alice", "click"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK", "> REFER", "< 202 REFER", "< NOTIFY",
                                                         "> 200 NOTIFY", "< NOTIFY", "> 200 NOTIFY", "> BYE", "< NOTIFY", "< 200 BYE", "> 200 NOTIFY"));
  EXPECT_THAT(message("X", "alice", "REFER").header("Refer-To"), StartsWith("<sip:bob@192.0.2.1"));
  EXPECT_THAT(ladder("alice", "X", alice.leg(1).call_id()), ElementsAre("> INVITE", "< 100 INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(ladder("X", "bob"), called());
  EXPECT_EQ(alice.leg(1).hears(), "bob");
  leave();
}

}  // namespace
}  // namespace callwright::simulation
