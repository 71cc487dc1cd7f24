#pragma once

#include "call/leg_streams.hpp"
#include "call/sound_command.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

/// The command PlaySound.
class Playback final : public SoundCommand {
 public:
  Playback(const Setup& setup, PlaySound command);

 private:
  void work(ActiveCall& call, const std::vector<media::StreamId>& streams) override;
  [[nodiscard]] bool undo(std::string_view why) override;
  void on_play_end(std::size_t place, LegStreams::PlayEnd how, const std::string& why);
  void look();

  struct Player {
    media::StreamId stream;
    std::optional<LegStreams::PlayEnd> ended = {};
    std::string why = {};
    bool told = false;
  };

  const PlaySound command_;
  std::vector<Player> players_;
  base::Timer later_;  ///< What became of a player is told from here, since it may end in the middle of something.
};

/// The command StopSound.
class SoundStop final : public SoundCommand {
 public:
  SoundStop(const Setup& setup, const StopSound& command) : SoundCommand(setup, {command.call_id, command.party}) {}

 private:
  void work(ActiveCall& call, const std::vector<media::StreamId>& streams) override;
};

/// The command PressKeys; ends when the last key has been let go.
class KeyPressing final : public SoundCommand {
 public:
  KeyPressing(const Setup& setup, PressKeys command);

 private:
  void work(ActiveCall& call, const std::vector<media::StreamId>& streams) override;
  [[nodiscard]] bool undo(std::string_view why) override;
  void on_pressed() { finish(); }

  const PressKeys command_;
  base::Timer pressed_;
};

/// The command MuteParty.
class Muting final : public SoundCommand {
 public:
  Muting(const Setup& setup, const MuteParty& command) : SoundCommand(setup, {command.call_id, command.party}), muted_(command.muted) {}

 private:
  void work(ActiveCall& call, const std::vector<media::StreamId>& streams) override;

  const bool muted_;
};

/// The command RecordCall: ends when the files are complete.
class CallRecording final : public SoundCommand, private media::RecordingObserver {
 public:
  /// `running` are those that run, by the Call-IDs of their calls, and outlives this.
  CallRecording(const Setup& setup, RecordCall command, RunningRecordings& running);
  ~CallRecording() override;

  void change(ChangeRecording::Change change);

 private:
  void work(ActiveCall& call, const std::vector<media::StreamId>& streams) override;
  [[nodiscard]] bool undo(std::string_view why) override;
  void on_recording_event(const media::RecordingEvent& event) override;
  void attach(const std::vector<media::StreamId>& streams);
  void look();
  void stop();
  void deregister();

  const RecordCall command_;
  RunningRecordings& running_;
  std::vector<std::string> call_ids_;  ///< Of both legs.
  media::RecordingId recording_;
  std::string trouble_;  ///< Why it fails, once that is known.
  base::Timer gone_;     ///< A stream is: another may have come in its place.
};

}  // namespace callwright::call
