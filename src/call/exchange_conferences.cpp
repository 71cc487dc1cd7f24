#include "call/exchange.hpp"

#include "sdp/description.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

/// What its Contact says, since the flow of a session that came from another call is not known.
MediaSide Exchange::media_side_of(const sip::InviteSession& session) {
  const auto uri = sip::UriView::parse(session.dialog().remote_target);
  MediaSide side;
  side.profile = media_of(std::string(sip::user_of(party_of(session.dialog()))));
  if (const auto remote = base::IpAddress::parse(uri ? uri->host : std::string_view{})) {
    side.remote = *remote;
  }
  const auto transport = uri ? sip::parse_transport(uri->parameter("transport").value_or(std::string_view{})) : std::nullopt;
  if (transport && sip::is_websocket(*transport)) {
    side.kind = MediaSide::Kind::Browser;
  }
  return side;
}

void Exchange::open_conferences(std::vector<ConferenceRoom> rooms) {
  if (media_ == nullptr) {
    return;
  }
  ConferenceMedia media;
  media.port = [this]() -> media::MediaPort& { return media_->port(); };
  media.open = [this](const sip::InviteSession& session, std::string_view offer, media::MediaObserver& observer) {
    const auto offered = sdp::Description::parse(offer);
    return media_->open(media_side_of(session), offered ? &*offered : nullptr, nullptr, observer);
  };
  media.name = [this](const LegMedia& leg) -> LegStreams::Name& { return media_->name(leg); };
  open_conferences(std::move(media), std::move(rooms));
}

void Exchange::open_conferences(ConferenceMedia media, std::vector<ConferenceRoom> rooms) {
  rooms_ = std::make_unique<ConferenceRooms>(std::move(media), std::move(rooms));
  sip::SessionPolicy policy = user_agent_.session_policy();
  policy.named_dialogs = sip::SessionPolicy::NamedDialogs::Heeded;
  user_agent_.set_session_policy(policy);
}

void Exchange::on_join(sip::ServerTransaction& transaction, const sip::Message& invite, sip::InviteSession& joined) {
  ActiveCall* const owner = calls_.find(joined.call_id());
  if (owner == nullptr) {
    transaction.respond({.status = 481});
  } else if (calls_.find(invite.call_id()) != nullptr) {
    transaction.respond({.status = 482});
  } else {
    owner->let_in(joined, transaction, invite);
  }
}

bool Exchange::enter_room(sip::ServerTransaction& transaction, const sip::Message& invite, const sip::UriView& uri) {
  const std::string name = is_ours(uri) ? sip::unescape(uri.user) : std::string();
  if (name.empty() || !rooms_->knows(name)) {
    return false;
  }
  if (calls_.find(invite.call_id()) != nullptr) {
    transaction.respond({.status = 482});
  } else if (const ConferenceRoom* const room = rooms_->find(name)) {
    rooms_->receive(*this, *room, transaction, invite);
  } else {
    rooms_->open_conference(name)->receive(transaction, invite);
  }
  return true;
}

}  // namespace callwright::call
