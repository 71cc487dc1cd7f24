#include "call/bridge_media.hpp"

#include "audio/codec.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace callwright::call {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::string_view kEvents = "telephone-event";
constexpr media::Noise kQuiet{.level_dbov = -75};  // In place of a party that is muted: a line, but nobody there.

const sdp::Media* audio_of(const sdp::Description& description) {
  const auto found =
      std::find_if(description.media.begin(), description.media.end(), [](const sdp::Media& media) { return media.type == "audio" && media.port != 0; });
  return found == description.media.end() ? nullptr : &*found;
}

/// What can be played here, and comfort noise, in the order of the section.
std::vector<sdp::Codec> codecs_in(const sdp::Media& audio) {
  std::vector<sdp::Codec> codecs;
  for (const sdp::PayloadType type : audio.payload_types()) {
    const auto map = audio.rtpmap(type);
    const audio::Codec* const known = map ? audio::find_codec(map->encoding, map->clock_rate, map->channels) : nullptr;
    const bool again = known != nullptr && std::any_of(codecs.begin(), codecs.end(), [&](const sdp::Codec& codec) { return codec.matches(*map); });
    if (known != nullptr && !again) {
      codecs.push_back({std::string(known->name), known->clock_rate, known->channels, type, std::string(audio.fmtp(type))});
    }
  }
  return codecs;
}

bool is_noise(const sdp::Codec& codec) { return codec.name == "CN"; }

bool contains(const std::vector<sdp::Codec>& codecs, const sdp::Codec& wanted) {
  return std::any_of(codecs.begin(), codecs.end(), [&](const sdp::Codec& codec) { return codec.matches({wanted.name, wanted.clock_rate, wanted.channels}); });
}

std::optional<sdp::PayloadType> event_type_in(const sdp::Media& audio) {
  for (const sdp::PayloadType type : audio.payload_types()) {
    if (const auto map = audio.rtpmap(type); map && map->encoding == kEvents) {
      return type;
    }
  }
  return std::nullopt;
}

/// What the writer of a description wants; 0.0.0.0 means holding, but not with ICE, where no address is known yet.
sdp::Direction direction_in(const sdp::Description& description, const sdp::Media& audio) {
  const sdp::Direction direction = description.direction_of(audio);
  const auto ice = sdp::ice_of(description, audio);
  const bool held = !(ice && *ice) && description.is_held(audio);
  return held ? sdp::make_direction(sdp::sends(direction), false) : direction;
}

std::string favourite_of(const std::vector<sdp::Codec>& codecs) {
  const auto first = std::find_if_not(codecs.begin(), codecs.end(), is_noise);
  return first == codecs.end() ? std::string() : first->name;
}

}  // namespace

void BridgeMedia::add(const Session& session, MediaSide side) {
  legs_.emplace_back();
  legs_.back().session = &session;
  legs_.back().side = std::move(side);
  if (!legs_.back().side.remote) {
    // A name that is looked up later: most likely it is reached from the same address as the other.
    legs_.back().side.remote = legs_.front().side.remote;
  }
}

void BridgeMedia::drop(const Session& session) {
  if (returning_ == &session) {
    returning_ = nullptr;
  }
  std::erase_if(legs_, [&](const Leg& leg) { return leg.session == &session; });
}

void BridgeMedia::keep(const Session& one, const Session& other) {
  if (returning_ != &one && returning_ != &other) {
    returning_ = nullptr;
  }
  std::erase_if(legs_, [&](const Leg& leg) { return leg.session != &one && leg.session != &other; });
  tell_names();
}

/// Of those whose media flow: the journal is told how they were when they end.
void BridgeMedia::tell_names() {
  for (const Leg& leg : legs_) {
    if (leg.media != nullptr && leg.media->negotiated() != nullptr) {
      desk_->name(*leg.media) = {owner_->journal_id(), leg.session->call_id(), party_of(leg.session->dialog())};
    }
  }
}

BridgeMedia::Leg* BridgeMedia::find(const Session& session) noexcept {
  const auto found = std::find_if(legs_.begin(), legs_.end(), [&](const Leg& leg) { return leg.session == &session; });
  return found == legs_.end() ? nullptr : &*found;
}

bool BridgeMedia::has(const Session& session) const noexcept {
  return std::any_of(legs_.begin(), legs_.end(), [&](const Leg& leg) { return leg.session == &session; });
}

bool BridgeMedia::awaits_answer(const Session& session) const noexcept {
  return std::any_of(legs_.begin(), legs_.end(), [&](const Leg& leg) { return leg.session == &session && !leg.pending.empty(); });
}

void BridgeMedia::withdraw(const Session& session) {
  for (Leg& leg : legs_) {
    if (leg.session == &session) {
      leg.pending.clear();
    } else {
      restore_passed(*leg.session);
    }
  }
  if (returning_ == &session) {
    returning_ = nullptr;
  }
  const bool settled = std::any_of(legs_.begin(), legs_.end(), [](const Leg& leg) { return leg.media != nullptr && leg.media->negotiated() != nullptr; });
  if (taken_in_ && !settled) {
    stay_out();
  }
}

Result<void> BridgeMedia::open(Leg& leg, const sdp::Description* offer, const sdp::Description* across) {
  if (leg.media != nullptr) {
    return base::ok();
  }
  auto opened = desk_->open(leg.side, offer, across, *this);
  if (!opened) {
    return opened.error();
  }
  leg.media = std::move(*opened);
  if (const auto before = sdp::Description::parse(leg.session->description())) {
    follow(leg, before->origin);
  }
  if (mode_ == MediaMode::Process) {
    // Heard as sound at any time, though nobody listens yet: so packets are never just passed on.
    media::Listening listening(media::Listening::Always);
    listening.tones = false;
    listening.keys = false;
    desk_->port().set_listening(leg.media->stream(), listening);
  }
  return base::ok();
}

/// What may be said to that side: of `offered` what it has no list against, and where sound may be processed, all that it may speak besides.
std::vector<sdp::Codec> BridgeMedia::speakable(const Leg& leg, const std::vector<sdp::Codec>& offered) const {
  const std::vector<sdp::Codec>& list = desk_->profile_of(leg.side).codecs;
  std::vector<sdp::Codec> codecs;
  std::copy_if(offered.begin(), offered.end(), std::back_inserter(codecs), [&](const sdp::Codec& codec) { return list.empty() || contains(list, codec); });
  if (processes()) {
    const std::vector<sdp::Codec>& more = list.empty() ? desk_->settings().codecs : list;
    std::copy_if(more.begin(), more.end(), std::back_inserter(codecs), [&](const sdp::Codec& codec) { return !contains(codecs, codec); });
  }
  return codecs;
}

void BridgeMedia::describe_for_offer(Leg& to, const sdp::Description& description, const sdp::Media& audio) const {
  sdp::AudioCapabilities& speaks = to.media->speaks();
  speaks.codecs = speakable(to, codecs_in(audio));
  const auto events = event_type_in(audio);
  speaks.telephone_event = events || processes() ? std::optional(events.value_or(sdp::PayloadType{101})) : std::nullopt;
  // With music, holding is between us and whoever holds.
  direct(to, plays_music() ? sdp::Direction::SendRecv : direction_in(description, audio));
  speaks.ptime = audio.ptime().value_or(std::chrono::milliseconds(20));
}

/// What the party beyond has chosen, where it was offered; else what was offered, in its order.
void BridgeMedia::describe_for_answer(Leg& to, const sdp::Description& offer, const LegMedia& from) const {
  const sdp::Negotiated& agreed = *from.negotiated();
  const sdp::Media* const audio = audio_of(offer);
  const std::vector<sdp::Codec> offered = audio == nullptr ? std::vector<sdp::Codec>() : codecs_in(*audio);
  sdp::AudioCapabilities& speaks = to.media->speaks();
  speaks.codecs = {agreed.codec};
  speaks.preference = sdp::CodecPreference::Theirs;
  if (agreed.comfort_noise_payload_type) {
    speaks.codecs.push_back({"CN", agreed.codec.clock_rate, 1, *agreed.comfort_noise_payload_type, {}});
  }
  const std::vector<sdp::Codec>& list = desk_->profile_of(to.side).codecs;
  if (processes() && !(contains(offered, agreed.codec) && (list.empty() || contains(list, agreed.codec)))) {
    speaks.codecs = list.empty() ? speakable(to, offered) : list;
    speaks.preference = list.empty() ? sdp::CodecPreference::Theirs : sdp::CodecPreference::Ours;
  }
  const bool events = processes() || agreed.event_payload_type;
  speaks.telephone_event = events ? std::optional(sdp::PayloadType{101}) : std::nullopt;
  direct(to, plays_music() ? sdp::Direction::SendRecv : sdp::reversed(agreed.direction));
  speaks.ptime = agreed.ptime;
}

Result<std::string> BridgeMedia::offer(const Session& from, const Session& to, std::string_view sdp) {
  const auto description = sdp::Description::parse(sdp);
  if (!description) {
    return description.error();
  }
  const sdp::Media* const audio = audio_of(*description);
  if (audio == nullptr) {
    return Error(Errc::Unsupported, "The offer has no audio stream, and nothing else can pass through the exchange; let this call bypass it");
  }
  Leg& source = *find(from);
  Leg& sink = *find(to);
  if (returning_ == &from) {
    source.pending = sdp;
    return goes_on(sink, sdp);
  }
  if (auto opened = open(source, &*description, nullptr); !opened) {
    return opened.error();
  }
  if (auto possible = source.media->can_answer(*description, codecs_in(*audio)); !possible) {
    return possible.error();
  }
  if (auto opened = open(sink, nullptr, &*description); !opened) {
    return opened.error();
  }
  describe_for_offer(sink, *description, *audio);
  if (std::all_of(sink.media->speaks().codecs.begin(), sink.media->speaks().codecs.end(), is_noise)) {
    return Error(Errc::Unsupported,
                 "The offer names no codec that may be spoken with the other side; allow one of them there, or let the exchange process media");
  }
  source.pending = sdp;
  source.favourite = favourite_of(codecs_in(*audio));
  return sink.media->offer();
}

Result<std::string> BridgeMedia::answer(const Session& from, const Session& to, std::string_view sdp, Answer counts) {
  Leg& source = *find(from);
  Leg& sink = *find(to);
  if (sink.pending.empty()) {
    return std::string();
  }
  if (returning_ == &to) {
    std::string ours = goes_on(sink, sdp);
    stay_out();
    return ours;
  }
  if (auto accepted = source.media->accept(sdp); !accepted) {
    return accepted.error();
  }
  const auto offer = sdp::Description::parse(sink.pending);
  if (!offer) {
    return offer.error();
  }
  if (taken_in_ && sink.media->negotiated() == nullptr) {
    if (const auto theirs = sdp::Description::parse(sdp)) {
      follow(sink, theirs->origin);
    }
  }
  describe_for_answer(sink, *offer, *source.media);
  auto answer = sink.media->answer(sink.pending);
  if (!answer) {
    return answer.error();
  }
  if (counts == Answer::Final) {
    sink.pending.clear();
  }
  if (auto running = run(source, sink); !running) {
    return running.error();
  }
  return answer;
}

Result<void> BridgeMedia::answer_of_fork(const Session& from, const Session& to, std::string_view sdp) {
  Leg& source = *find(from);
  auto accepted = source.media->accept(sdp);
  return accepted ? run(source, *find(to)) : accepted;
}

Result<std::string> BridgeMedia::pass(const Session& from, const Session& to, std::string_view sdp) {
  return awaits_answer(to) ? answer(from, to, sdp) : offer(from, to, sdp);
}

std::optional<std::string> BridgeMedia::answer_here(const Session& from, const Session& other, std::string_view sdp) {
  Leg* const leg = find(from);
  Leg* const beyond = find(other);
  const sdp::Glance seen = sdp::glance(sdp);
  const bool talking = leg != nullptr && beyond != nullptr && leg->media != nullptr && beyond->media != nullptr && leg->media->negotiated() != nullptr &&
                       beyond->media->negotiated() != nullptr;
  if (!talking || !leg->pending.empty() || !beyond->pending.empty() || !seen.audio || seen.others) {
    return std::nullopt;
  }
  const auto description = sdp::Description::parse(sdp);
  const sdp::Media* const audio = description ? audio_of(*description) : nullptr;
  if (audio == nullptr) {
    return std::nullopt;
  }
  const std::string favourite = favourite_of(codecs_in(*audio));
  const sdp::Negotiated present = *leg->media->negotiated();
  if (favourite != present.codec.name && favourite != leg->favourite) {
    return std::nullopt;  // It wants to speak something else from now on.
  }
  describe_for_answer(*leg, *description, *leg->media);
  sdp::AudioCapabilities& speaks = leg->media->speaks();
  if (speaks.codecs.front() == present.codec) {
    // What the party beyond has said of it; ours, where sound is processed in between, needs nothing.
    const sdp::Codec& across = beyond->media->negotiated()->codec;
    speaks.codecs.front().fmtp = across.name == present.codec.name ? across.fmtp : std::string();
  }
  direct(*leg, plays_music() ? sdp::Direction::SendRecv : sdp::reversed(beyond->media->negotiated()->direction));
  if (!plays_music() && sdp::reversed(direction_in(*description, *audio)) != present.direction) {
    return std::nullopt;  // It holds or resumes, as the other side has to hear.
  }
  auto answer = leg->media->answer(sdp);
  if (!answer || !run(*leg, *beyond)) {
    return std::nullopt;
  }
  return std::move(*answer);
}

Result<std::string> BridgeMedia::answer_held(const Session& from, std::string_view sdp) {
  const auto description = sdp::Description::parse(sdp);
  if (!description) {
    return description.error();
  }
  Leg& leg = *find(from);
  if (auto opened = open(leg, &*description, nullptr); !opened) {
    return opened.error();
  }
  const sdp::Media* const audio = audio_of(*description);
  leg.media->speaks().codecs = audio == nullptr ? std::vector<sdp::Codec>() : speakable(leg, codecs_in(*audio));
  leg.media->speaks().direction = sdp::Direction::Inactive;
  leg.pending.clear();
  return leg.media->answer(sdp);
}

Result<void> BridgeMedia::run(Leg& one, Leg& other) {
  for (Leg* const leg : {&one, &other}) {
    if (auto started = leg->media->start(); !started) {
      return started.error();
    }
  }
  tell_names();
  desk_->port().join(one.media->stream(), other.media->stream());
  play_to(one, other);
  play_to(other, one);
  return base::ok();
}

/// Music, as long as the other side does not want to hear; and nothing of one that is muted.
void BridgeMedia::play_to(Leg& leg, const Leg& other) {
  const auto& music = desk_->settings().hold_music;
  const bool play = music && (leg.held || (other.media->negotiated() != nullptr && other.media->negotiated()->held));
  const Leg::Hears hears = play ? Leg::Hears::Music : other.muted ? Leg::Hears::Quiet : Leg::Hears::Other;
  if (std::exchange(leg.hears, hears) != hears) {
    desk_->legs().set_background(leg.media->stream(), play ? *music : other.muted ? media::SourceSpec(kQuiet) : media::SourceSpec(media::Silence{}));
  }
}

void BridgeMedia::on_media_event(const media::StreamEvent& event) {
  if (const auto* const failed = std::get_if<media::StreamFailed>(&event.what)) {
    owner_->on_media_failed(failed->error);
  } else if (const auto* const file = std::get_if<media::FileFailed>(&event.what)) {
    desk_->report(owner_->journal_id(), MediaFailed{file->error.message()});
  }
}

}  // namespace callwright::call
