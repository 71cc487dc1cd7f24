// A call that rings, as far as its media pass through the exchange.
#include "call/routed_call_media.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

namespace {

int status_of(const base::Error& error) {
  const bool ours = error.code == base::Errc::LimitReached || error.code == base::Errc::Io;
  return ours ? 503 : 488;
}

}  // namespace

void RoutedCall::plan_media() {
  const MediaDesk& desk = *switchboard_.media();
  const bool bypass = std::all_of(options_.targets.begin(), options_.targets.end(), [&](const Target& target) {
    const MediaSide called{.profile = target.media};
    return desk.mode_for(options_.caller, called) == MediaMode::Bypass;
  });
  if (!bypass && media_ == nullptr) {
    media_ = std::make_unique<Media>();
  }
}

void RoutedCall::choose_media(const sip::InviteSession& attempt, const Target& target) {
  const MediaSide called = MediaSide::of(target);
  MediaMode mode = switchboard_.media()->mode_for(options_.caller, called);
  const bool automatic = mode == MediaMode::Auto;
  if (automatic) {
    // Without an offer, it is the one that such a caller would make.
    sdp::Glance offer;
    offer.audio = true;
    offer.browser = options_.caller.kind == MediaSide::Kind::Browser;
    mode = MediaDesk::decide(offer_.empty() ? offer : sdp::glance(offer_), options_.caller, called);
  }
  if (automatic && !offer_.empty()) {
    media_->automatic.push_back({&attempt, &target});
  }
  if (mode != MediaMode::Bypass) {
    relay(attempt, called, mode);
  }
}

void RoutedCall::relay(const sip::InviteSession& attempt, MediaSide side, MediaMode mode) {
  if (media_->bridge == nullptr) {
    BridgeMedia::Owner& owner = *this;
    media_->bridge = std::make_unique<BridgeMedia>(*switchboard_.media(), mode, owner);
    media_->bridge->add(*incoming_, options_.caller);
  }
  media_->bridge->add(attempt, std::move(side));
}

bool RoutedCall::relays(const sip::InviteSession& session) const noexcept {
  return media_ != nullptr && media_->bridge != nullptr && media_->bridge->has(session);
}

base::Result<std::string> RoutedCall::offer_for(const sip::InviteSession& attempt) {
  return offer_.empty() || !relays(attempt) ? offer_ : media_->bridge->offer(*incoming_, attempt, offer_);
}

void RoutedCall::invite_all_with_media() {
  std::vector<sip::InviteSession*> attempts;
  std::transform(attempts_.begin(), attempts_.end(), std::back_inserter(attempts), [](const auto& attempt) { return attempt.get(); });
  for (sip::InviteSession* const attempt : attempts) {
    if (over_) {
      return;
    }
    const auto offer = offer_for(*attempt);
    if (offer) {
      static_cast<void>(attempt->invite(*offer));
    } else if (status_of(offer.error()) == 503 && is_automatic(*attempt)) {
      // No ports are left: it may still work from phone to phone.
      base::log::warn("media bypass the exchange, since it has no ports", {{"reason", offer.error().message()}});
      media_->bridge->drop(*attempt);
      static_cast<void>(attempt->invite(offer_));
    } else {
      give_up(*attempt, offer.error());
    }
  }
  if (!over_ && std::none_of(attempts_.begin(), attempts_.end(), [this](const auto& attempt) { return relays(*attempt); })) {
    media_->bridge.reset();  // All bypass us: the caller's ports are not needed.
  }
}

bool RoutedCall::is_automatic(const sip::InviteSession& attempt) const noexcept {
  return std::any_of(media_->automatic.begin(), media_->automatic.end(), [&](const Media::Automatic& each) { return each.attempt == &attempt; });
}

base::Result<std::string> RoutedCall::answer_from(const sip::InviteSession& attempt, const sip::InviteProgress& progress) {
  BridgeMedia& bridge = *media_->bridge;
  if (progress.sdp.empty()) {
    return std::string();
  }
  if (offer_.empty()) {
    return bridge.offer(attempt, *incoming_, progress.sdp);
  }
  if (progress.status >= 200 && !settled_with_.empty() && settled_with_ != progress.tag) {
    const auto connected = bridge.answer_of_fork(attempt, *incoming_, progress.sdp);
    return connected ? base::Result<std::string>(std::string()) : connected.error();
  }
  const bool reliable = progress.delivery == sip::InviteProgress::Delivery::Reliable;
  if (reliable && settled_with_.empty()) {
    settled_with_ = progress.tag;
  }
  const bool last = progress.status >= 200 || reliable;
  return bridge.answer(attempt, *incoming_, progress.sdp, last ? BridgeMedia::Answer::Final : BridgeMedia::Answer::Early);
}

void RoutedCall::update_with_media(sip::InviteSession& session, sip::InviteSession& peer, std::string_view sdp) {
  const auto ours = media_->bridge->offer(session, peer, sdp);
  if (!ours || !peer.update(*ours, {}, sip::InviteSession::OnGlare::Report)) {
    media_->bridge->withdraw(session);
    static_cast<void>(session.reject_update(488));
  }
}

void RoutedCall::answer_update_with_media(sip::InviteSession& session, sip::InviteSession& asking, const sip::InviteProgress& result) {
  const auto ours = result.status < 300 ? media_->bridge->answer(session, asking, result.sdp) : std::string();
  if (result.status < 300 && ours) {
    static_cast<void>(asking.accept_update(*ours));
    return;
  }
  media_->bridge->withdraw(asking);
  static_cast<void>(asking.reject_update(result.status < 300 ? 488 : result.status));
}

bool RoutedCall::try_with_media(sip::InviteSession& refused, const sip::SessionEnd& end) {
  const bool disliked = end.status == 488 || end.status == 606 || end.status == 415;
  const auto found = std::find_if(media_->automatic.begin(), media_->automatic.end(), [&](const Media::Automatic& each) { return each.attempt == &refused; });
  if (!disliked || end.by != sip::SessionEnd::Party::Remote || found == media_->automatic.end() || relays(refused)) {
    return false;
  }
  const Target& target = *found->target;
  media_->automatic.erase(found);
  const sdp::Glance offer = sdp::glance(offer_);
  if (!offer.audio || offer.others) {
    return false;
  }
  sip::InviteSession& attempt = add_attempt(target, call_options_);
  relay(attempt, MediaSide::of(target), MediaMode::Auto);
  const auto ours = offer_for(attempt);
  if (!ours) {
    base::log::warn("a phone that dislikes a description is not called with another", {{"reason", ours.error().message()}});
    drop(attempt);
    return false;
  }
  drop(refused);
  static_cast<void>(attempt.invite(*ours));
  return true;
}

void RoutedCall::give_up(sip::InviteSession& attempt, const base::Error& error) {
  switchboard_.report(call_id(), MediaFailed{error.message()});
  const int status = status_of(error);
  if (best_status_ == 0) {
    best_status_ = status;
    best_reason_ = status == 503 ? "No Media Ports" : std::string{};
  }
  drop(attempt);
  if (attempts_.empty()) {
    go_on(CallCourse::Outcome::Refused);
  }
}

const std::string& RoutedCall::offer_of_caller() const noexcept { return offer_; }

std::unique_ptr<BridgeMedia> RoutedCall::media_for(const sip::InviteSession& callee) {
  if (relays(callee)) {
    return std::move(media_->bridge);
  }
  const auto found = std::find_if(media_->automatic.begin(), media_->automatic.end(), [&](const Media::Automatic& each) { return each.attempt == &callee; });
  MediaDesk& desk = *switchboard_.media();
  if (found == media_->automatic.end() || !desk.settings().hold_music) {
    return nullptr;
  }
  BridgeMedia::Owner& owner = *this;
  auto media = std::make_unique<BridgeMedia>(desk, MediaMode::Bypass, owner);
  media->add(*incoming_, options_.caller);
  media->add(callee, MediaSide::of(*found->target));
  return media;
}

std::unique_ptr<BridgeMedia> RoutedCall::take_media() {
  media_->bridge->keep(*incoming_, *incoming_);
  return std::move(media_->bridge);
}

void RoutedCall::on_media_failed(const base::Error& error) {
  if (!over_) {
    switchboard_.report(call_id(), MediaFailed{error.message()});
    refuse(500, "Media Failed");
  }
}

}  // namespace callwright::call
