// Two to five people with an exchange between them, who call, hold, transfer and hang up at any moment, over a network that loses, repeats and reorders,
// cuts phones off for a while, and takes some away for good. Once it is quiet again, whoever is in a call is in it with one other who agrees, nobody is
// in a call with a phone that is gone, and after the last hang-up nothing is left anywhere.
#include "sim/exchange_world.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;

constexpr const char* kNames[] = {"alice", "bob", "carol", "dave", "erin"};
constexpr int kActions = 40;

/// What happened in all calls of a run: to see that the dice did reach every corner.
struct Counts {
  std::size_t answered = 0;
  std::size_t agreed = 0;  ///< Calls that lasted until it was quiet.
  std::size_t cut_off = 0;
  std::size_t gone = 0;
  std::size_t referred = 0;
  std::size_t renegotiated = 0;
};

ExchangeWorld::Options options_for(std::uint64_t seed, call::MediaMode mode) {
  ExchangeWorld::Options options{.seed = seed, .network = {.loss = 0.05, .duplication = 0.05, .reordering = 0.1, .jitter = 20ms, .reordering_delay = 300ms}};
  if (mode != call::MediaMode::Bypass) {
    options.media = ExchangeWorld::Options::Media::Fake;
    options.exchange.media.mode = mode;
  }
  return options;
}

class RandomExchange {
 public:
  explicit RandomExchange(std::uint64_t seed, call::MediaMode mode = call::MediaMode::Bypass) : world(options_for(seed, mode)), mode_(mode), dice_(~seed) {
    const std::uint64_t people = dice_.between(2, 5);
    for (std::uint64_t i = 0; i < people; ++i) {
      add(kNames[i], world.add_phone(kNames[i], any_script()));
      if (dice_.chance(0.3)) {
        add(std::string(kNames[i]) + "'", world.add_second_phone(kNames[i], any_script()));
      }
    }
  }

  void run() {
    for (int i = 0; i < kActions; ++i) {
      act();
      world.run_for(up_to(dice_.chance(0.3) ? 100ms : dice_.chance(0.7) ? 3s : 60s));
    }
    become_quiet();
    expect_agreement();
    hang_up_all();
    world.expect_nothing_left();
  }

  ExchangeWorld world;
  Counts counts;

 private:
  struct Person {
    std::string host;
    ScriptedPhone* phone;
    bool cut_off = false;
    bool gone = false;
  };

  void add(std::string host, ScriptedPhone& phone) { people_.push_back({std::move(host), &phone}); }
  base::Duration up_to(std::chrono::milliseconds longest) { return std::chrono::milliseconds(dice_.between(0, static_cast<std::uint64_t>(longest.count()))); }
  Person& anybody() { return people_[dice_.between(0, people_.size() - 1)]; }
  PhoneLeg* any_leg(Person& person);
  PhoneScript any_script();
  void act();
  void renegotiate(Person& person, PhoneLeg& leg);
  void call(Person& person);
  void cut_off_or_heal(Person& person);
  void vanish(Person& person);
  void become_quiet();
  void expect_agreement();
  void expect_streams();
  void hang_up_all();

  const call::MediaMode mode_;
  base::DeterministicRandom dice_;
  std::vector<Person> people_;
};

PhoneScript RandomExchange::any_script() {
  PhoneScript script;
  const std::uint64_t ring = dice_.between(0, 9);
  script.ring = ring < 1 ? 0 : ring < 6 ? 180 : 183;
  script.ring_sdp = ring < 6 ? PhoneScript::RingSdp::None : PhoneScript::RingSdp::Early;
  const std::uint64_t answer = dice_.between(0, 9);
  script.answer = answer < 7 ? 200 : answer < 8 ? 486 : answer < 9 ? 603 : 0;
  script.answer_after = up_to(5s);
  script.refer = dice_.chance(0.8) ? 202 : 603;
  script.reinvite = dice_.chance(0.8) ? 200 : 488;
  script.dial_after = up_to(2s);
  script.after_refer = dice_.chance(0.5) ? PhoneScript::AfterRefer::Stays : PhoneScript::AfterRefer::HangsUp;
  return script;
}

PhoneLeg* RandomExchange::any_leg(Person& person) {
  std::vector<PhoneLeg*> legs;
  for (std::size_t i = 0; i < person.phone->legs(); ++i) {
    if (!person.phone->leg(i).ended()) {
      legs.push_back(&person.phone->leg(i));
    }
  }
  return legs.empty() ? nullptr : legs[dice_.between(0, legs.size() - 1)];
}

void RandomExchange::call(Person& person) {
  const Person& other = anybody();
  world.note(person.host + " calls " + other.phone->name());
  const std::string uri = "sip:" + other.phone->name() + "@192.0.2.1";
  PhoneLeg& leg = person.phone->dial(uri, dice_.chance(0.85) ? person.phone->sdp() : std::string());
  if (dice_.chance(0.2)) {
    world.run_for(up_to(500ms));
    world.note(person.host + " thinks better of it");
    leg.hang_up();
  }
}

void RandomExchange::renegotiate(Person& person, PhoneLeg& leg) {
  const std::string offer = person.phone->sdp(static_cast<int>(dice_.between(2, 9)), dice_.chance(0.5) ? "sendonly" : "sendrecv");
  world.note(person.host + " makes an offer");
  if (dice_.chance(0.5)) {
    leg.update(offer);
  } else {
    leg.reinvite(dice_.chance(0.8) ? offer : std::string());
  }
}

void RandomExchange::cut_off_or_heal(Person& person) {
  if (person.cut_off) {
    world.heal(person.host);
  } else {
    world.partition(person.host);
    ++counts.cut_off;
  }
  person.cut_off = !person.cut_off;
}

void RandomExchange::vanish(Person& person) {
  world.note(person.host + " is gone for good");
  world.partition(person.host);
  person.gone = person.cut_off = true;
  ++counts.gone;
}

void RandomExchange::act() {
  Person& person = anybody();
  if (person.gone) {
    return;
  }
  const std::uint64_t what = dice_.between(0, 99);
  PhoneLeg* const leg = any_leg(person);
  if (what < 35 || leg == nullptr) {
    call(person);
  } else if (what < 55) {
    renegotiate(person, *leg);
  } else if (what < 70) {
    world.note(person.host + " hangs up");
    leg->hang_up();
  } else if (what < 82) {
    const std::string target = anybody().phone->name();
    world.note(person.host + " transfers to " + target);
    leg->refer("sip:" + target + "@192.0.2.1");
  } else if (what < 88) {
    person.phone->script = any_script();
  } else if (what < 98) {
    cut_off_or_heal(person);
  } else {
    vanish(person);
  }
}

/// Everybody who is not gone can be reached again, whoever still rings is given up, and the session timers have done their work.
void RandomExchange::become_quiet() {
  world.network.settings().loss = 0;
  for (Person& person : people_) {
    person.phone->script.dials = PhoneScript::Dials::No;
    if (person.cut_off && !person.gone) {
      cut_off_or_heal(person);
    }
  }
  world.run_for(3min);
  world.note("whoever has not been answered hangs up");
  for (const Person& person : people_) {
    for (std::size_t i = 0; i < person.phone->legs(); ++i) {
      PhoneLeg& leg = person.phone->leg(i);
      counts.answered += leg.confirmed() ? 1U : 0U;
      if (!leg.confirmed()) {
        leg.hang_up();
      }
      for (const std::string& event : leg.log()) {
        counts.referred += event == "NOTIFY 200 OK" ? 1U : 0U;
        counts.renegotiated += event == "UPDATE 200" || event == "re-INVITE 200" ? 1U : 0U;
      }
    }
  }
  world.run_for(3h);
}

void RandomExchange::expect_agreement() {
  std::map<std::pair<std::string, std::string>, int> pairs;
  std::size_t legs = 0;
  for (const Person& person : people_) {
    for (std::size_t i = 0; i < person.phone->legs(); ++i) {
      const PhoneLeg& leg = person.phone->leg(i);
      if (leg.ended()) {
        continue;
      }
      EXPECT_FALSE(person.gone) << person.host << " still believes in a call";
      EXPECT_TRUE(leg.confirmed()) << person.host << " has a call that is neither answered nor over";
      ++pairs[{person.phone->name(), leg.hears()}];
      ++legs;
    }
  }
  EXPECT_EQ(legs, 2 * world.exchange->calls());
  counts.agreed = world.exchange->calls();
  if (mode_ == call::MediaMode::Relay) {
    expect_streams();
    return;
  }
  for (const auto& [pair, count] : pairs) {
    const auto mirrored = pairs.find({pair.second, pair.first});
    EXPECT_EQ(mirrored == pairs.end() ? 0 : mirrored->second, count) << pair.first << " hears " << pair.second;
  }
}

/// Each call has two streams, joined with each other, that go to phones.
void RandomExchange::expect_streams() {
  EXPECT_EQ(world.exchange_media.open_count(), 2 * world.exchange->calls());
  for (const auto& [id, stream] : world.exchange_media.streams()) {
    if (!stream.closed) {
      ASSERT_TRUE(stream.joined);
      EXPECT_EQ(world.exchange_media.streams().at(*stream.joined).joined, id);
      EXPECT_EQ(stream.parameters.back().remote_rtp.to_string(), "203.0.113.1:4000");
    }
  }
}

void RandomExchange::hang_up_all() {
  world.note("everybody hangs up");
  for (const Person& person : people_) {
    person.phone->hang_up();
    if (person.gone) {
      person.phone->stop_registration();
    }
  }
}

Counts run(std::uint64_t seed, call::MediaMode mode = call::MediaMode::Bypass) {
  RandomExchange random(seed, mode);
  random.run();
  if (::testing::Test::HasFailure()) {
    ADD_FAILURE() << "again with: scripts/test sim --seed " << seed << "\n" << random.world.story();
  }
  return random.counts;
}

class ExchangeRandomCalls : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ExchangeRandomCalls, agree_on_both_sides_and_leave_nothing) { run(GetParam()); }

TEST_P(ExchangeRandomCalls, agree_and_leave_nothing_when_media_pass_through_the_exchange) { run(GetParam(), call::MediaMode::Relay); }

INSTANTIATE_TEST_SUITE_P(seed, ExchangeRandomCalls, ::testing::Range<std::uint64_t>(1, 41), [](const auto& each) { return std::to_string(each.param); });

TEST(ExchangeRandomCalls, reach_every_corner) {
  Counts sum;
  for (std::uint64_t seed = 41; seed <= 60; ++seed) {
    const Counts counts = run(seed);
    sum.answered += counts.answered;
    sum.agreed += counts.agreed;
    sum.cut_off += counts.cut_off;
    sum.gone += counts.gone;
    sum.referred += counts.referred;
    sum.renegotiated += counts.renegotiated;
  }
  EXPECT_GE(sum.answered, 100U);
  EXPECT_GE(sum.agreed, 5U);
  EXPECT_GE(sum.cut_off, 20U);
  EXPECT_GE(sum.gone, 5U);
  EXPECT_GE(sum.referred, 5U);
  EXPECT_GE(sum.renegotiated, 30U);
}

TEST(ExchangeRandomReplay, seed_of_environment) {
  const char* const seed = std::getenv("CALLWRIGHT_SIM_SEED");
  run(seed != nullptr ? std::strtoull(seed, nullptr, 10) : 61);
}

}  // namespace
}  // namespace callwright::simulation
