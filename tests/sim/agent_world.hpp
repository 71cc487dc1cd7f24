#pragma once

#include "call/agent.hpp"
#include "media/fake_media_port.hpp"
#include "sim/exchange_world.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace callwright::simulation {

using namespace std::chrono_literals;

/// The journal of the agents as "alice CallStarted".
class Journal final : public call::EventSink {
 public:
  void on_event(const call::Event& event) override {
    static constexpr const char* kNames[] = {"Registered",     "Unregistered",   "RegistrationFailed", "CallStarted", "CallRinging",       "CallAnswered",
                                             "CallEnded",      "AudioHeard",     "MediaFailed",        "SipMessage",  "CallReplaced",      "SourceBanned",
                                             "SourceUnbanned", "ContactChanged", "CallRecorded",       "MediaAgreed", "MediaSecured",      "SoundPlayed",
                                             "MediaEnded",     "PartnerSilent",  "PartnerBack",        "KeyPressed",  "KeysFailed",        "Renegotiated",
                                             "AddressUnknown", "CallHeld",       "CallOffered",        "CallLinked",  "TransferRequested", "TransferProgress",
                                             "TextReceived",   "MediaMeasured",  "MediaFlows"};
    static_assert(std::size(kNames) == std::variant_size_v<decltype(call::Event::what)>);
    lines.push_back(event.agent + " " + kNames[event.what.index()]);
    if (std::holds_alternative<call::CallStarted>(event.what)) {
      call_ids[event.agent] = event.call_id;
    }
    if (const auto* const key = std::get_if<call::KeyPressed>(&event.what)) {
      keys[event.agent].push_back(*key);
    }
    if (const auto* const recorded = std::get_if<call::CallRecorded>(&event.what)) {
      recordings.insert(recordings.end(), recorded->paths.begin(), recorded->paths.end());
    }
  }
  std::vector<std::string> of(const std::string& agent) const {
    std::vector<std::string> found;
    for (const std::string& line : lines) {
      if (line.starts_with(agent + " ")) {
        found.push_back(line.substr(agent.size() + 1));
      }
    }
    return found;
  }
  std::vector<std::string> lines;
  std::vector<std::string> recordings;
  std::map<std::string, std::string> call_ids;                ///< Of the latest call of each agent.
  std::map<std::string, std::vector<call::KeyPressed>> keys;  ///< Of each agent.
};

struct AgentWorld : ExchangeWorld {
  AgentWorld() : agents(add_host("phones")) {}
  ~AgentWorld() {
    for (const auto& [name, agent] : agents.all()) {
      agent->hang_up_all();
    }
  }

  call::Agent& add_agent(const std::string& name, call::AgentOptions::Answering answering = call::AgentOptions::Answering::AtOnce, std::string instance = {}) {
    call::AgentOptions options;
    options.answering = answering;
    options.instance = std::move(instance);
    return add_agent(name, std::move(options));
  }
  call::Agent& add_agent(const std::string& name, call::AgentOptions options) {
    exchange->accounts().add(name, "pass");
    options.name = name;
    options.address_of_record = "sip:" + name + "@192.0.2.1";
    options.registrar = "sip:192.0.2.1:5060";
    options.password = "pass";
    options.media_address = base::IpAddress::parse("192.0.2.11").value();
    options.source = media::Tone{};
    call::Agent& agent = *agents.add(media, journal, std::move(options)).value();
    agent.start_registration();
    run_for(1s);
    EXPECT_TRUE(agent.registered());
    return agent;
  }
  void expect_no_agent_calls() {
    for (const auto& [name, agent] : agents.all()) {
      EXPECT_EQ(agent->calls(), 0U) << name;
      agent->stop_registration();
    }
    EXPECT_EQ(media.open_count(), 0U);
    expect_nothing_left();
  }

  media::FakeMediaPort media;
  Journal journal;
  call::Agents agents;
};

}  // namespace callwright::simulation
