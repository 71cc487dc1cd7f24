#include "call/agent_recording.hpp"

#include "call/agent.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {
namespace {

constexpr std::size_t kLongestPart = 64;

std::string harmless(std::string_view text) {
  std::string result(text.substr(0, kLongestPart));
  std::ranges::replace_if(
      result, [](char c) { return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '@'); }, '_');
  return result;
}

}  // namespace

std::string recording_name(std::string_view agent, std::string_view call_id, audio::FileFormat format, base::Random& random) {
  return harmless(agent) + "-" + harmless(call_id) + "-" + random.token(8) + (format == audio::FileFormat::Wav ? ".wav" : ".ogg");
}

AgentRecordings::~AgentRecordings() {
  for (const auto& [id, call_id] : call_ids_) {
    agent_.media().abandon_recording(id);
  }
}

media::RecordingId AgentRecordings::open(const std::string& call_id) {
  const auto& how = agent_.options().recording;
  if (!how) {
    return {};
  }
  media::RecordingOptions options;
  options.path = how->folder / recording_name(agent_.options().name, call_id, how->format, agent_.user_agent().random());
  options.format = how->format;
  options.layout = how->layout;
  options.rate = how->rate;
  const auto opened = agent_.media().open_recording(options, *this);
  if (!opened) {
    agent_.report(call_id, MediaFailed{opened.error().message()});
    return {};
  }
  call_ids_[*opened] = call_id;
  return *opened;
}

void AgentRecordings::stop(media::RecordingId id) {
  if (id) {
    agent_.media().stop_recording(id);
  }
}

void AgentRecordings::on_recording_event(const media::RecordingEvent& event) {
  if (const auto* const failed = std::get_if<media::RecordingFailed>(&event.what)) {
    agent_.report(call_ids_.at(event.recording), MediaFailed{failed->error.message()});
  } else if (const auto* const ended = std::get_if<media::RecordingEnded>(&event.what)) {
    const std::string call_id = std::move(call_ids_.extract(event.recording).mapped());
    CallRecorded recorded;
    for (const std::filesystem::path& path : ended->paths) {
      recorded.paths.push_back(path.string());
    }
    recorded.duration = ended->duration;
    agent_.report(call_id, std::move(recorded));
  }
}

}  // namespace callwright::call
