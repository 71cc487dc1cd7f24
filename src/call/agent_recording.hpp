#pragma once

#include "base/random.hpp"
#include "media/media_port.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

namespace callwright::call {

class Agent;

/// How an agent records each of its calls, from the answer to the end.
struct AgentRecording {
  std::filesystem::path folder;  ///< That exists. Files are named after the agent and the Call-ID.
  audio::FileFormat format = audio::FileFormat::Wav;
  media::RecordingLayout layout = media::RecordingLayout::Stereo;  ///< What the agent hears is left.
  audio::SampleRate rate = audio::kWideband;
};

/// The recordings of an agent's calls. They outlive their calls by what the disk takes; then the journal says where they are. Engine thread.
class AgentRecordings final : private media::RecordingObserver {
 public:
  explicit AgentRecordings(Agent& agent) : agent_(agent) {}
  ~AgentRecordings();
  AgentRecordings(const AgentRecordings&) = delete;
  AgentRecordings& operator=(const AgentRecordings&) = delete;

  /// None where the agent does not record, or cannot, which the journal says then.
  [[nodiscard]] media::RecordingId open(const std::string& call_id);
  void stop(media::RecordingId id);
  /// That are not complete yet.
  [[nodiscard]] std::size_t open_count() const noexcept { return call_ids_.size(); }

 private:
  void on_recording_event(const media::RecordingEvent& event) override;

  Agent& agent_;
  std::unordered_map<media::RecordingId, std::string> call_ids_;
};

/// "bob-<Call-ID>-<chance>.wav" with what file systems take; no text from outside leads out of the folder, or to a file of before.
[[nodiscard]] std::string recording_name(std::string_view agent, std::string_view call_id, audio::FileFormat format, base::Random& random);

}  // namespace callwright::call
