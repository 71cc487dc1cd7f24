// Conferences in the exchange: INVITE with Join (RFC 3911), and numbers that lead into a room (RFC 4579).
#include "media/codec_names.hpp"
#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using call::MediaMode;

ExchangeWorld::Options with(MediaMode mode) {
  ExchangeWorld::Options options;
  options.media = ExchangeWorld::Options::Media::Fake;
  options.exchange.media.mode = mode;
  options.exchange.media.codecs = media::codecs_by_name(std::vector<std::string>{"G722", "PCMU"}).value();
  return options;
}

/// What phones hear of the exchange's own media: its descriptions have this name.
constexpr const char* kExchangeItself = "-";

struct ConferenceWorld : ExchangeWorld, testing::Test {
  explicit ConferenceWorld(MediaMode mode = MediaMode::Bypass) : ConferenceWorld(with(mode)) {}
  explicit ConferenceWorld(const Options& options) : ExchangeWorld(options) {
    exchange->open_conferences({{.number = "room", .max_parties = 3, .tones = call::Conference::Tones::On}});
  }

  /// The parties of all conferences, how each takes part.
  std::vector<media::ConferenceParty> parties() const {
    std::vector<media::ConferenceParty> parties;
    for (const auto& [id, stream] : port.streams()) {
      if (!stream.closed && stream.conference) {
        EXPECT_FALSE(port.stream(*stream.conference)->closed);
        EXPECT_FALSE(stream.parameters.empty());
        parties.push_back(stream.party);
      }
    }
    return parties;
  }
  std::size_t muted() const {
    const auto all = parties();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const auto& party) { return party.muted; }));
  }

  /// Somebody joins the call of `leg`, a call of another phone.
  static PhoneLeg& join(ScriptedPhone& newcomer, PhoneLeg& leg, std::string_view sdp) {
    newcomer.script.headers = "Join: " + leg.session()->name_at_peer().to_string() + "\r\n";
    PhoneLeg& joining = newcomer.dial("sip:alice@192.0.2.1", sdp);
    newcomer.script.headers.clear();
    return joining;
  }
  PhoneLeg& join(ScriptedPhone& newcomer, PhoneLeg& leg) { return join(newcomer, leg, newcomer.sdp()); }

  void connect() {
    alice.call("bob");
    run_for(2s);
    ASSERT_TRUE(alice.leg(0).confirmed());
    ASSERT_EQ(port.open_count(), 0U) << "a call between two needs no media of ours";
    clear_wire();
  }
  void connect_three() {
    connect();
    join(carol, alice.leg(0));
    run_for(2s);
    ASSERT_TRUE(carol.leg(0).confirmed());
    ASSERT_EQ(parties().size(), 3U);
    clear_wire();
  }

  void expect_silence() {
    run_for(2s);
    EXPECT_EQ(port.open_count(), 0U) << "streams or conferences are left";
    expect_nothing_left();
  }

  media::FakeMediaPort& port = exchange_media;
  ScriptedPhone& alice = add_phone("alice");
  ScriptedPhone& bob = add_phone("bob");
  ScriptedPhone& carol = add_phone("carol");
};

/// Calls between two have their media pass through the exchange, too.
struct RelayedJoins : ConferenceWorld {
  RelayedJoins() : ConferenceWorld(MediaMode::Relay) {}
};

using Joins = ConferenceWorld;
using Rooms = ConferenceWorld;

TEST_F(Joins, make_a_conference_of_a_call_between_two) {
  connect();
  join(carol, alice.leg(0));
  run_for(2s);
  ASSERT_TRUE(carol.leg(0).confirmed());
  EXPECT_THAT(ladder("X", "alice"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(ladder("X", "bob"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  for (PhoneLeg* const leg : {&alice.leg(0), &bob.leg(0), &carol.leg(0)}) {
    EXPECT_THAT(leg->remote_sdp(), HasSubstr("c=IN IP4 192.0.2.1\r\n")) << "of the exchange, under the name that its peer had (RFC 3264 §8)";
  }
  EXPECT_EQ(parties().size(), 3U);
  EXPECT_EQ(muted(), 0U);
  EXPECT_EQ(exchange->calls(), 1U);
  carol.hang_up();
  run_for(1s);
  EXPECT_EQ(alice.active() + bob.active(), 2U) << "those who are left go on";
  EXPECT_EQ(parties().size(), 2U);
  bob.hang_up();
  run_for(1s);
  EXPECT_EQ(alice.active(), 0U) << "one alone is no conference";
  expect_silence();
}

TEST_F(Joins, take_a_newcomer_without_an_offer_and_a_fourth_one) {
  connect();
  ScriptedPhone& dave = add_phone("dave");
  join(carol, bob.leg(0), "");
  run_for(2s);
  EXPECT_EQ(carol.leg(0).hears(), kExchangeItself);
  EXPECT_EQ(parties().size(), 3U);
  join(dave, carol.leg(0));
  run_for(2s);
  EXPECT_EQ(dave.leg(0).hears(), kExchangeItself);
  EXPECT_EQ(parties().size(), 4U);
  alice.hang_up();
  run_for(1s);
  EXPECT_EQ(parties().size(), 3U);
  EXPECT_EQ(bob.active() + carol.active() + dave.active(), 3U);
  EXPECT_THAT(commands.texts(end(bob.leg(0).call_id())), ElementsAre("Ended")) << "EndCall ends it for all";
  run_for(1s);
  EXPECT_EQ(bob.active() + carol.active() + dave.active(), 0U);
  expect_silence();
}

TEST_F(Joins, are_announced_and_offered_to_whoever_asks) {
  connect();
  EXPECT_THAT(alice.leg(0).session()->name_at_peer().to_string(), HasSubstr("to-tag"));
  join(carol, alice.leg(0));
  run_for(2s);
  EXPECT_THAT(message("X", "alice", "INVITE").header("Supported"), HasSubstr("join"));
  alice.hang_up();
  bob.hang_up();
  carol.hang_up();
  expect_silence();
}

TEST_F(Joins, hold_of_one_party_silences_it_and_nobody_else) {
  connect_three();
  bob.leg(0).reinvite(bob.sdp(7, "sendonly"));
  run_for(1s);
  EXPECT_THAT(bob.leg(0).remote_sdp(), HasSubstr("a=recvonly"));
  EXPECT_EQ(muted(), 1U) << "its music is not for the others";
  EXPECT_EQ(count("X", "alice", "INVITE") + count("X", "carol", "INVITE"), 0U) << "nobody is told";
  bob.leg(0).update(bob.sdp(8));
  run_for(1s);
  EXPECT_EQ(muted(), 0U);
  bob.leg(0).reinvite({});
  run_for(1s);
  EXPECT_EQ(parties().size(), 3U);
  alice.hang_up();
  bob.hang_up();
  expect_silence();
}

TEST_F(Joins, a_party_gives_its_place_to_another) {
  connect_three();
  ScriptedPhone& dave = add_phone("dave");
  carol.call("dave");
  run_for(2s);
  ASSERT_TRUE(carol.leg(1).confirmed());
  carol.leg(1).refer("sip:alice@192.0.2.1", carol.leg(0));
  run_for(2s);
  ASSERT_EQ(dave.legs(), 2U);
  EXPECT_EQ(dave.leg(1).hears(), kExchangeItself);
  EXPECT_TRUE(carol.leg(0).ended());
  EXPECT_EQ(parties().size(), 3U);
  carol.hang_up();
  run_for(1s);
  EXPECT_EQ(alice.active() + bob.active() + dave.active(), 3U);
  alice.leg(0).refer("sip:carol@192.0.2.1");
  run_for(1s);
  EXPECT_THAT(alice.leg(0).log(), testing::Contains("REFER 603")) << "there is nobody whom a party could transfer";
  alice.hang_up();
  bob.hang_up();
  expect_silence();
}

TEST_F(Joins, leave_the_call_as_it_was_when_its_phones_refuse) {
  connect();
  alice.script.reinvite = 488;
  bob.script.reinvite = 488;
  join(carol, alice.leg(0));
  run_for(2s);
  EXPECT_TRUE(carol.leg(0).ended());
  EXPECT_EQ(carol.leg(0).end_status(), 488);
  EXPECT_EQ(port.open_count(), 0U);
  alice.script.reinvite = 200;
  bob.script.reinvite = 200;
  alice.leg(0).reinvite(alice.sdp(9, "sendonly"));
  run_for(1s);
  EXPECT_THAT(bob.leg(0).remote_sdp(), HasSubstr("sendonly")) << "the two still are a call";
  bob.hang_up();
  run_for(1s);
  EXPECT_EQ(alice.active(), 0U);
  expect_silence();
}

TEST_F(Joins, go_on_without_a_side_that_refuses_too_late) {
  connect();
  bob.script.reinvite = 488;
  join(carol, alice.leg(0));
  run_for(2s);
  EXPECT_TRUE(bob.leg(0).ended());
  EXPECT_EQ(parties().size(), 2U);
  EXPECT_EQ(alice.active() + carol.active(), 2U);
  alice.hang_up();
  run_for(1s);
  EXPECT_EQ(carol.active(), 0U);
  expect_silence();
}

TEST_F(Joins, are_refused_without_media_or_dialog) {
  connect();
  port.refuse_open = base::Error(base::Errc::LimitReached, "no ports");
  join(carol, alice.leg(0));
  run_for(2s);
  EXPECT_EQ(carol.leg(0).end_status(), 503);
  port.refuse_open.reset();
  carol.script.headers = "Join: nobody;to-tag=1;from-tag=2\r\n";
  carol.dial("sip:alice@192.0.2.1", carol.sdp());
  run_for(2s);
  EXPECT_EQ(carol.leg(1).end_status(), 481);
  carol.script.headers.clear();
  EXPECT_EQ(alice.active() + bob.active(), 2U);
  alice.hang_up();
  expect_silence();
}

TEST_F(Joins, cannot_take_part_with_a_codec_that_is_not_there) {
  connect();
  std::string odd = carol.sdp();
  odd.replace(odd.find("RTP/AVP 0\r\na=rtpmap:0 PCMU/8000"), 31, "RTP/AVP 3\r\na=rtpmap:3 GSM/8000");
  join(carol, alice.leg(0), odd);
  run_for(2s);
  EXPECT_EQ(carol.leg(0).end_status(), 488);
  EXPECT_EQ(parties().size(), 2U) << "it stays a conference";
  EXPECT_EQ(alice.active() + bob.active(), 2U);
  bob.hang_up();
  run_for(1s);
  EXPECT_EQ(alice.active(), 0U);
  expect_silence();
}

/// Whoever hangs up at whatever moment of a Join: the others end or go on, nothing hangs.
TEST_F(Joins, survive_a_hang_up_at_any_moment) {
  for (int who = 0; who < 3; ++who) {
    for (auto after = 0ms; after <= 400ms; after += 20ms) {
      SCOPED_TRACE(std::to_string(who) + " after " + std::to_string(after.count()) + " ms");
      PhoneLeg& call = alice.call("bob");
      run_for(2s);
      ASSERT_TRUE(call.confirmed());
      PhoneLeg& joining = join(carol, call);
      run_for(after);
      if (who == 0) {
        alice.hang_up();
      } else if (who == 1) {
        bob.hang_up();
      } else {
        joining.hang_up();
      }
      run_for(40s);
      if (alice.active() + bob.active() + carol.active() != 0) {
        EXPECT_EQ(alice.active() + bob.active() + carol.active(), 2U);
        EXPECT_EQ(exchange->calls(), 1U);
      }
      alice.hang_up();
      bob.hang_up();
      carol.hang_up();
      run_for(40s);
      ASSERT_EQ(alice.active() + bob.active() + carol.active(), 0U);
      ASSERT_EQ(port.open_count(), 0U);
      ASSERT_EQ(exchange->calls(), 0U);
    }
  }
  expect_silence();
}

TEST_F(Joins, wait_for_an_offer_that_crosses) {
  connect();
  alice.leg(0).reinvite(alice.sdp(4, "sendonly"));
  join(carol, alice.leg(0));
  run_for(30s);
  EXPECT_EQ(parties().size(), 3U);
  EXPECT_EQ(alice.active() + bob.active() + carol.active(), 3U);
  carol.hang_up();
  alice.hang_up();
  expect_silence();
}

TEST_F(RelayedJoins, give_up_the_streams_of_the_call_that_grew) {
  alice.call("bob");
  run_for(2s);
  ASSERT_TRUE(alice.leg(0).confirmed());
  ASSERT_EQ(port.open_count(), 2U);
  join(carol, alice.leg(0));
  run_for(2s);
  EXPECT_TRUE(carol.leg(0).confirmed());
  EXPECT_EQ(parties().size(), 3U);
  EXPECT_EQ(port.open_count(), 4U) << "three and the conference";
  carol.hang_up();
  alice.hang_up();
  expect_silence();
}

TEST_F(RelayedJoins, keep_the_streams_of_a_call_whose_phones_refuse) {
  alice.call("bob");
  run_for(2s);
  alice.script.reinvite = 488;
  bob.script.reinvite = 488;
  join(carol, alice.leg(0));
  run_for(2s);
  EXPECT_EQ(carol.leg(0).end_status(), 488);
  EXPECT_EQ(alice.active() + bob.active(), 2U);
  EXPECT_EQ(port.open_count(), 2U);
  EXPECT_EQ(parties().size(), 0U);
  bob.hang_up();
  expect_silence();
}

TEST_F(Rooms, bring_together_all_who_call) {
  alice.call("room");
  run_for(2s);
  ASSERT_TRUE(alice.leg(0).confirmed());
  EXPECT_THAT(message("X", "alice", "200 INVITE").header("Contact"), testing::EndsWith(">;isfocus"));
  EXPECT_EQ(alice.leg(0).hears(), kExchangeItself);
  EXPECT_EQ(parties().size(), 1U) << "the first one waits for others";
  bob.call("room");
  carol.dial("sip:room@192.0.2.1", "");
  run_for(2s);
  EXPECT_EQ(parties().size(), 3U);
  EXPECT_EQ(exchange->calls(), 1U);
  ScriptedPhone& dave = add_phone("dave");
  dave.call("room");
  run_for(1s);
  EXPECT_EQ(dave.leg(0).end_status(), 486);
  EXPECT_EQ(dave.leg(0).end_reason(), "Conference Full");
  carol.hang_up();
  run_for(1s);
  dave.call("room");
  run_for(2s);
  EXPECT_TRUE(dave.leg(1).confirmed());
  alice.hang_up();
  bob.hang_up();
  run_for(1s);
  EXPECT_EQ(parties().size(), 1U);
  EXPECT_EQ(dave.active(), 1U);
  dave.hang_up();
  run_for(1s);
  EXPECT_EQ(exchange->calls(), 0U);
  alice.call("room");
  run_for(2s);
  EXPECT_EQ(parties().size(), 1U) << "it opens again";
  alice.hang_up();
  expect_silence();
}

/// Of alice, an account that has to encrypt.
struct CautiousRooms : ConferenceWorld {
  CautiousRooms() : ConferenceWorld(cautious()) {}
  static Options cautious() {
    Options options = with(MediaMode::Bypass);
    options.encrypt("alice");
    return options;
  }
};

TEST_F(CautiousRooms, heed_what_is_configured_for_a_party) {
  alice.call("room");
  bob.call("room");
  run_for(2s);
  EXPECT_EQ(alice.leg(0).end_status(), 488) << "and not in the clear";
  EXPECT_TRUE(bob.leg(0).confirmed());
  bob.hang_up();
  expect_silence();
}

TEST_F(Rooms, say_who_comes_and_goes_with_a_tone) {
  alice.call("room");
  run_for(2s);
  const auto room = std::find_if(port.streams().begin(), port.streams().end(), [](const auto& entry) { return entry.second.confers; });
  ASSERT_NE(room, port.streams().end());
  const media::SourceSpec came = room->second.source;
  EXPECT_TRUE(std::holds_alternative<audio::TonePattern>(came));
  bob.call("room");
  run_for(2s);
  bob.hang_up();
  run_for(1s);
  EXPECT_TRUE(std::holds_alternative<audio::TonePattern>(room->second.source));
  EXPECT_NE(room->second.source, came);
  alice.hang_up();
  expect_silence();
}

TEST_F(Rooms, end_with_the_exchange) {
  alice.call("room");
  bob.call("room");
  run_for(2s);
  EXPECT_EQ(parties().size(), 2U);
  exchange->shut_down();
  run_for(2s);
  EXPECT_EQ(alice.active() + bob.active(), 0U);
  expect_silence();
}

TEST_F(Rooms, drop_a_party_whose_stream_fails) {
  alice.call("room");
  bob.call("room");
  run_for(2s);
  const auto first = std::find_if(port.streams().begin(), port.streams().end(), [](const auto& entry) { return entry.second.conference.has_value(); });
  port.emit(first->first, media::StreamFailed{{base::Errc::Refused, "not encrypted"}});
  run_for(2s);
  EXPECT_EQ(alice.active() + bob.active(), 1U);
  EXPECT_EQ(parties().size(), 1U);
  alice.hang_up();
  bob.hang_up();
  expect_silence();
}

}  // namespace
}  // namespace callwright::simulation
