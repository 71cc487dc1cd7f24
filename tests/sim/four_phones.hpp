#pragma once

#include "call/open_calls.hpp"
#include "sim/exchange_media_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace callwright::simulation {

inline constexpr const char* kHoldMusic = "music.wav";

/// Alice, bob, carol and dave at an exchange whose media can be looked at, commands for it, and the journal that it keeps.
struct FourPhones : MediaWorld {
  explicit FourPhones(Options options) : MediaWorld(std::move(options)) {
    exchange->open_conferences(std::vector<call::ConferenceRoom>{});
    for (const char* const name : {"alice", "bob", "carol", "dave"}) {
      phones[name] = &add_phone(name);
    }
    events.view = [this](const call::Event& event) {
      if (const auto* const ended = std::get_if<call::CallEnded>(&event.what)) {
        EXPECT_TRUE(journal.end(event, *ended)) << "a call ended that the journal does not know";
      } else {
        journal.note(event);
      }
    };
  }

  ScriptedPhone& phone(const std::string& name) { return *phones.at(name); }
  PhoneLeg& latest(const std::string& name) { return phone(name).leg(phone(name).legs() - 1); }
  call::CommandId submit(const call::Command& command) {
    const call::CommandId id{next_++};
    exchange->submit(id, command, commands);
    run_for(std::chrono::seconds(2));
    return id;
  }
  std::vector<std::string> told(const call::Command& command) { return commands.texts(submit(command)); }
  /// The Call-ID of the caller's leg of a call that is up.
  std::string connect(const std::string& caller, const std::string& callee) {
    PhoneLeg& leg = phone(caller).call(callee);
    run_for(std::chrono::seconds(2));
    EXPECT_TRUE(leg.confirmed());
    return leg.call_id();
  }
  [[nodiscard]] std::size_t conferring() const {
    return streams_that([](const auto& stream) { return stream.conference.has_value(); });
  }
  [[nodiscard]] std::size_t muted() const {
    return streams_that([](const auto& stream) { return stream.party.muted; });
  }
  [[nodiscard]] std::size_t hearing_music() const {
    return streams_that([](const auto& stream) {
      const auto* const file = std::get_if<media::SoundFile>(&stream.source);
      return file != nullptr && file->path == kHoldMusic;
    });
  }
  /// All hang up, and nothing is left anywhere.
  void leave() {
    for (const auto& [name, each] : phones) {
      each->hang_up();
    }
    run_for(std::chrono::seconds(2));
    EXPECT_TRUE(streams().empty());
    EXPECT_EQ(journal.size(), 0U) << "the journal has calls that never end";
    expect_nothing_left();
  }

  std::map<std::string, ScriptedPhone*> phones;
  call::OpenCalls journal;

 private:
  template <class Is>
  [[nodiscard]] std::size_t streams_that(Is is) const {
    const auto all = streams();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&is](const auto* stream) { return is(*stream); }));
  }

  std::uint64_t next_ = 1000;
};

}  // namespace callwright::simulation
