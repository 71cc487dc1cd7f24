// Provisional responses as the caller sees them: early dialogs of several forks, reliable responses and their PRACK (RFC 3262), 199 (RFC 6228).
#include "sip/invite_session_parts.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {

namespace {

constexpr std::size_t kMaxEarlyDialogs = 16;
/// A peer that sends reliable responses faster than their PRACKs are answered has to repeat them.
constexpr std::size_t kMaxPracks = 8;
constexpr int kMaxPrackAttempts = 4;
constexpr std::size_t kMaxEarlyTagBytes = 1024;

/// Where `tag` stands in a list of tags, each of which is followed by ';'; npos when it does not.
std::size_t find_tag(std::string_view tags, std::string_view tag) {
  for (std::size_t at = 0; at < tags.size();) {
    const std::size_t end = tags.find(';', at);
    if (tags.substr(at, end - at) == tag) {
      return at;
    }
    at = end + 1;
  }
  return std::string_view::npos;
}

}  // namespace

InviteSession::EarlyDialog* InviteSession::early_dialog(std::string_view tag) noexcept {
  if (calling_ == nullptr) {
    return nullptr;
  }
  std::vector<EarlyDialog>& early = calling_->early;
  const auto found = std::find_if(early.begin(), early.end(), [tag](const EarlyDialog& other) { return other.dialog.remote_tag == tag; });
  return found == early.end() ? nullptr : &*found;
}

InviteSession::EarlyDialog* InviteSession::make_early_dialog(const Message& response) {
  if (response.to().tag().empty()) {
    return nullptr;
  }
  if (EarlyDialog* const known = early_dialog(response.to().tag())) {
    return known;
  }
  if (calling_->early.size() >= kMaxEarlyDialogs) {
    return nullptr;
  }
  EarlyDialog& early = calling_->early.emplace_back();
  early.dialog = dialog_;
  early.dialog.establish(response);
  early.offer_answer = offer_answer_;
  return &early;
}

void InviteSession::note_early_tag(const InviteProgress& progress) {
  if (policy_.named_dialogs == SessionPolicy::NamedDialogs::Ignored || progress.tag.empty()) {
    return;
  }
  std::string& tags = calling_->early_tags;
  const std::size_t known = find_tag(tags, progress.tag);
  if (progress.status == 199 && known != std::string::npos) {
    tags.erase(known, progress.tag.size() + 1);
  } else if (progress.status != 199 && known == std::string::npos && tags.size() + progress.tag.size() < kMaxEarlyTagBytes) {
    tags.append(progress.tag).append(";");
  }
}

bool InviteSession::has_early_tag(std::string_view tag) const noexcept {
  return calling_ != nullptr && find_tag(calling_->early_tags, tag) != std::string_view::npos;
}

std::optional<DialogName> InviteSession::name_at_ringing_peer() const {
  if (state_ != State::Inviting || end_requested_ || calling_->early_tags.empty()) {
    return std::nullopt;
  }
  return DialogName{dialog_.call_id, calling_->early_tags.substr(0, calling_->early_tags.find(';')), dialog_.local_tag, DialogName::Stage::Any};
}

std::string_view InviteSession::offer() const noexcept {
  return state_ == State::Inviting && calling_->invite.request != nullptr ? std::string_view(calling_->invite.request->request().body) : std::string_view{};
}

void InviteSession::on_provisional(const Message& response) {
  InviteProgress progress = progress_of(response);
  note_early_tag(progress);
  if (response.status() == 199) {
    if (EarlyDialog* const ended = early_dialog(progress.tag)) {
      ended->over = true;
    }
  }
  const auto rseq = parse_number(response.header(Header::RSeq).value_or(std::string_view{}));
  if (!rseq || *rseq == 0 || policy_.reliable == SessionPolicy::Reliable::Off || !response.lists(Header::Require, "100rel")) {
    observer_->on_provisional(*this, progress);
    return;
  }
  EarlyDialog* const early = make_early_dialog(response);
  // RFC 3262 §4: repeated ones are ignored, as are those that come before one that is missing; the peer repeats both.
  if (early == nullptr || (early->rseq != 0 && *rseq != early->rseq + 1) || early->offer_rseq != 0 || early->pracks.size() >= kMaxPracks) {
    return;
  }
  note_peer(response);
  note_flow(calling_->invite.request->flow());
  early->rseq = *rseq;
  progress.delivery = InviteProgress::Delivery::Reliable;
  if (!progress.sdp.empty()) {
    early->description = progress.sdp;
  }
  if (!progress.sdp.empty() && early->offer_answer == OfferAnswer::None) {
    early->offer_answer = OfferAnswer::OfferedThere;
    early->offer_rseq = *rseq;
  } else {
    if (!progress.sdp.empty()) {
      early->offer_answer = OfferAnswer::Agreed;
    }
    send_prack(*early, {});
  }
  observer_->on_provisional(*this, progress);
}

InviteSession::EarlyDialog* InviteSession::unanswered_early_offer(std::string_view tag) noexcept {
  if (state_ != State::Inviting || calling_ == nullptr) {
    return nullptr;
  }
  for (EarlyDialog& early : calling_->early) {
    if (early.offer_rseq != 0 && (tag.empty() || early.dialog.remote_tag == tag)) {
      return &early;
    }
  }
  return nullptr;
}

void InviteSession::send_prack(EarlyDialog& early, std::string_view sdp) {
  OutgoingRequest request = early.dialog.request(Method::Prack);
  if (flow_ != nullptr) {
    request.flow = *flow_;
  }
  const std::uint32_t rseq = early.offer_rseq != 0 ? std::exchange(early.offer_rseq, 0) : early.rseq;
  request.headers = "RAck: " + std::to_string(rseq) + " " + std::to_string(calling_->invite.request->cseq()) + " INVITE\r\n";
  request.body = sdp;
  request.content_type = "application/sdp";
  early.prack_attempts = 1;
  early.pracks.push_back(make_request(std::move(request)));
  early.pracks.back()->send();
}

bool InviteSession::on_prack_result(const ClientRequest& request, int status) {
  if (calling_ == nullptr) {
    return false;
  }
  for (EarlyDialog& early : calling_->early) {
    const auto found = std::find_if(early.pracks.begin(), early.pracks.end(), [&request](const auto& prack) { return prack.get() == &request; });
    if (found == early.pracks.end()) {
      continue;
    }
    const std::unique_ptr<ClientRequest> answered = std::move(*found);
    early.pracks.erase(found);
    // 500: another request of ours, sent later, overtook it, so that its CSeq number came too late. With a new number it is welcome. After any
    // other refusal the response was not waiting for it any more.
    if (status == 500 && state_ == State::Inviting && ++early.prack_attempts <= kMaxPrackAttempts) {
      early.pracks.push_back(make_request(answered->request()));
      early.pracks.back()->send();
    }
    return true;
  }
  return false;
}

std::string InviteSession::confirm_early_dialog(const Message& response) {
  std::string description;
  if (EarlyDialog* const early = early_dialog(response.to().tag())) {
    dialog_.remote_cseq = early->dialog.remote_cseq;
    offer_answer_ = early->offer_answer;
    description = std::move(early->description);
  }
  // The others get no more requests; their 2xx, should one come, is that of another fork.
  calling_->early.clear();
  return description;
}

}  // namespace callwright::sip
