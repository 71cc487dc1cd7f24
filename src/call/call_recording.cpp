// The command RecordCall.
#include "call/agent_recording.hpp"
#include "call/media_desk.hpp"
#include "call/sound_commands.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

using Kind = CommandEvent::Kind;

CallRecording::CallRecording(const Setup& setup, RecordCall command, RunningRecordings& running)
    : SoundCommand(setup, {command.call_id, std::nullopt}),
      command_(std::move(command)),
      running_(running),
      gone_(setup.switchboard.user_agent().timers(), base::Callback::to<&CallRecording::look>(*this)) {}

CallRecording::~CallRecording() {
  deregister();
  if (recording_) {
    switchboard().media()->port().abandon_recording(recording_);
  }
}

void CallRecording::deregister() {
  for (const std::string& call_id : std::exchange(call_ids_, {})) {
    running_.erase(call_id);
  }
}

void CallRecording::work(ActiveCall& call, const std::vector<media::StreamId>& streams) {
  MediaDesk& desk = *switchboard().media();
  std::vector<std::string> call_ids{command_.call_id};
  for (const Side side : {Side::Caller, Side::Callee}) {
    if (const sip::InviteSession* const session = call.party(side); session != nullptr && session->call_id() != command_.call_id) {
      call_ids.push_back(session->call_id());
    }
  }
  if (std::any_of(call_ids.begin(), call_ids.end(), [this](const std::string& call_id) { return running_.contains(call_id); })) {
    fail("480 The call is being recorded");
    return;
  }
  if (desk.settings().recordings.empty()) {
    fail("403 no calls can be recorded here: set media.recordings to a folder for them");
    return;
  }
  media::RecordingOptions options;
  options.path = desk.settings().recordings + "/" + recording_name("call", command_.call_id, command_.format, switchboard().user_agent().random());
  options.format = command_.format;
  options.layout = command_.layout;
  options.rate = audio::kWideband;
  const auto opened = desk.port().open_recording(options, *this);
  if (!opened) {
    fail("500 " + opened.error().message());
    return;
  }
  recording_ = *opened;
  call_ids_ = std::move(call_ids);
  for (const std::string& call_id : call_ids_) {
    running_[call_id] = this;
  }
  attach(streams);
  for (const auto& file : media::files_of(options)) {
    emit(Kind::CallRecordStart, {}, file.string());
  }
}

/// What the caller's stream hears and says is all of the call.
void CallRecording::attach(const std::vector<media::StreamId>& streams) {
  MediaDesk& desk = *switchboard().media();
  desk.port().record(recording_, streams.front(), media::HeardOn::Left);
  desk.legs().watch(streams.front(), [find = finder(*this)] {
    if (CallRecording* const self = find()) {
      self->gone_.start(base::Duration::zero());
    }
  });
}

void CallRecording::look() {
  for (const std::string& call_id : call_ids_) {
    ActiveCall* const call = switchboard().find(call_id);
    const auto streams = call == nullptr ? base::Result<std::vector<media::StreamId>>(base::Error(base::Errc::NotFound, {})) : call->streams(call_id, {});
    if (streams) {
      attach(*streams);
      return;
    }
    if (call != nullptr && call->await_up([find = finder(*this)] {
          if (CallRecording* const self = find()) {
            self->look();
          }
        })) {
      return;  // Whoever has come still owes an ACK.
    }
  }
  stop();
}

void CallRecording::stop() {
  deregister();
  if (recording_) {
    switchboard().media()->port().stop_recording(recording_);
  }
}

/// What was recorded is kept, and the files are completed.
bool CallRecording::undo(std::string_view why) {
  trouble_ = why;
  stop();
  return true;
}

void CallRecording::change(ChangeRecording::Change change) {
  media::MediaPort& port = switchboard().media()->port();
  switch (change) {
    case ChangeRecording::Change::Pause: port.pause_recording(recording_); break;
    case ChangeRecording::Change::Resume: port.resume_recording(recording_); break;
    case ChangeRecording::Change::Stop: stop(); break;
  }
}

void CallRecording::on_recording_event(const media::RecordingEvent& event) {
  if (const auto* const failed = std::get_if<media::RecordingFailed>(&event.what)) {
    trouble_ = "500 " + failed->error.message();
    stop();
    return;
  }
  const auto* const ended = std::get_if<media::RecordingEnded>(&event.what);
  if (ended == nullptr) {
    return;
  }
  recording_ = {};
  deregister();
  CallRecorded recorded{.paths = {}, .duration = ended->duration};
  for (const auto& path : ended->paths) {
    recorded.paths.push_back(path.string());
  }
  switchboard().report(command_.call_id, recorded);
  for (const std::string& path : recorded.paths) {
    if (!over()) {
      emit(Kind::CallRecordSuccessful, {}, path);
    }
  }
  if (over()) {
    return;
  }
  if (trouble_.empty()) {
    finish();
  } else {
    fail(trouble_);
  }
}

}  // namespace callwright::call
