#include "call/sound_commands.hpp"

#include "call/media_desk.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

using Kind = CommandEvent::Kind;
using PlayEnd = LegStreams::PlayEnd;

Playback::Playback(const Setup& setup, PlaySound command)
    : SoundCommand(setup, {command.call_id, command.party}),
      command_(std::move(command)),
      later_(setup.switchboard.user_agent().timers(), base::Callback::to<&Playback::look>(*this)) {}

void Playback::work(ActiveCall& /*call*/, const std::vector<media::StreamId>& streams) {
  MediaDesk& desk = *switchboard().media();
  media::SourceSpec source = media::Tone{.frequency_hz = command_.tone_hz};
  if (!command_.file.empty()) {
    if (desk.settings().sounds.empty()) {
      fail("403 no sounds can be played here: set media.sounds to their folder");
      return;
    }
    source = media::SoundFile{.path = desk.settings().sounds + "/" + command_.file, .repeat = command_.repeat};
  }
  for (const media::StreamId stream : streams) {
    players_.push_back({stream});
  }
  for (std::size_t place = 0; place < streams.size(); ++place) {
    desk.legs().play(streams[place], source, [find = finder(*this), place](PlayEnd how, const std::string& why) {
      if (Playback* const self = find()) {
        self->on_play_end(place, how, why);
      }
    });
  }
  for (std::size_t place = 0; place < streams.size() && !over(); ++place) {
    emit(Kind::CallPlayStart, leg_of(place));
  }
}

void Playback::on_play_end(std::size_t place, PlayEnd how, const std::string& why) {
  players_[place].ended = how;
  players_[place].why = why;
  later_.start(base::Duration::zero());
}

void Playback::look() {
  for (std::size_t place = 0; place < players_.size() && !over(); ++place) {
    Player& player = players_[place];
    const bool news = player.ended && !std::exchange(player.told, true);
    if (news && (*player.ended == PlayEnd::Played || *player.ended == PlayEnd::Stopped)) {
      emit(*player.ended == PlayEnd::Played ? Kind::CallPlaySuccessful : Kind::CallPlayStopped, leg_of(place));
    }
  }
  const bool done = std::all_of(players_.begin(), players_.end(), [](const Player& player) { return player.told; });
  if (over() || !done) {
    return;
  }
  const auto failed = std::find_if(players_.begin(), players_.end(), [](const Player& player) { return *player.ended == PlayEnd::Failed; });
  const auto gone = std::find_if(players_.begin(), players_.end(), [](const Player& player) { return *player.ended == PlayEnd::Gone; });
  if (failed != players_.end()) {
    fail(failed->why);
  } else if (gone != players_.end()) {
    fail("the call ended, or its party was replaced, before all was played");
  } else {
    finish();
  }
}

bool Playback::undo(std::string_view /*why*/) {
  for (Player& player : players_) {
    if (!player.ended) {
      switchboard().media()->legs().stop_playing(player.stream);
    }
  }
  later_.cancel();
  return false;
}

void SoundStop::work(ActiveCall& /*call*/, const std::vector<media::StreamId>& streams) {
  bool played = false;
  for (const media::StreamId stream : streams) {
    played = switchboard().media()->legs().stop_playing(stream) || played;
  }
  if (played) {
    finish();
  } else {
    fail("480 Nothing is played there");
  }
}

KeyPressing::KeyPressing(const Setup& setup, PressKeys command)
    : SoundCommand(setup, {command.call_id, command.party}),
      command_(std::move(command)),
      pressed_(setup.switchboard.user_agent().timers(), base::Callback::to<&KeyPressing::on_pressed>(*this)) {}

void KeyPressing::work(ActiveCall& /*call*/, const std::vector<media::StreamId>& streams) {
  for (const media::StreamId stream : streams) {
    if (const auto pressed = switchboard().media()->port().press(stream, command_.keys, command_.timing); !pressed) {
      fail("400 " + pressed.error().message());
      return;
    }
  }
  pressed_.start((command_.timing.press + command_.timing.gap) * static_cast<int>(command_.keys.size()));
}

bool KeyPressing::undo(std::string_view /*why*/) {
  pressed_.cancel();
  return false;
}

void Muting::work(ActiveCall& call, const std::vector<media::StreamId>& /*streams*/) {
  call.mute(parties().call_id, parties().side, muted_);
  finish();
}

}  // namespace callwright::call
