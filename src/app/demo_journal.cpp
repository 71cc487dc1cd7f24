#include "app/demo_journal.hpp"

#include <algorithm>
#include <cstdio>

namespace callwright::app {

void DemoJournal::on_event(const call::Event& event) {
  if (const auto* const message = std::get_if<call::SipMessage>(&event.what)) {
    const bool sent = message->direction == sip::TraceSink::Direction::Sent;
    messages_.push_back({event.time, sent ? message->flow.local : message->flow.remote, sent ? message->flow.remote : message->flow.local, message->text});
  } else if (event.agent.empty()) {
    return;
  } else if (std::holds_alternative<call::Registered>(event.what)) {
    if (++registrations_ == phones_) {
      registered_.set_value();
    }
  } else if (std::holds_alternative<call::Unregistered>(event.what)) {
    if (--registrations_ == 0) {
      unregistered_.set_value();
    }
  } else if (const auto* const audio = std::get_if<call::AudioHeard>(&event.what)) {
    on_audio(event.agent, *audio);
  } else if (std::holds_alternative<call::CallStarted>(event.what)) {
    ++calls_[event.agent];
  } else if (std::holds_alternative<call::CallEnded>(event.what)) {
    on_call_ended(event.agent);
  } else if (const auto* const unknown = std::get_if<call::AddressUnknown>(&event.what)) {
    std::fprintf(stderr, "%s: the public address of the media is not known: %s\n", event.agent.c_str(), unknown->reason.c_str());
  } else if (const auto* const recorded = std::get_if<call::CallRecorded>(&event.what)) {
    on_recorded(*recorded);
  }
}

void DemoJournal::on_recorded(const call::CallRecorded& recorded) {
  for (const std::string& path : recorded.paths) {
    recordings_[path] = recorded.duration;
  }
  if (recordings_.size() == phones_) {
    recorded_.set_value(recordings_);
  }
}

void DemoJournal::on_audio(const std::string& agent, const call::AudioHeard& audio) {
  Heard& heard = hearing_[agent];
  if (audio.frequency_hz == 0) {
    heard.first_audio = audio.since_start;
    return;
  }
  heard.frequency_hz = audio.frequency_hz;
  heard.level_dbov = audio.level_dbov;
  const bool all =
      hearing_.size() == phones_ && std::all_of(hearing_.begin(), hearing_.end(), [](const auto& entry) { return entry.second.frequency_hz != 0; });
  if (all && !all_heard_) {
    all_heard_ = true;
    heard_.set_value(hearing_);
  }
}

void DemoJournal::on_call_ended(const std::string& agent) {
  --calls_[agent];
  // The first leg of the caller ends as well, long before the call that it led to.
  const bool none = std::all_of(calls_.begin(), calls_.end(), [](const auto& entry) { return entry.second == 0; });
  if (none && all_heard_ && !all_ended_) {
    all_ended_ = true;
    ended_.set_value();
  }
}

}  // namespace callwright::app
