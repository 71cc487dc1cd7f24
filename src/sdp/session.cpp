#include "sdp/offer_answer_parts.hpp"
#include "sdp/text.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace callwright::sdp {

using base::Errc;
using base::Error;
using base::Result;

Session::Session(std::uint64_t session_id, const base::IpAddress& address) : session_id_(session_id), address_(address) {}

void Session::follow(const Origin& origin) {
  if (const auto version = text::to_number<std::uint64_t>(origin.version); version && *version < UINT64_MAX) {
    followed_ = origin;
    version_ = *version + 1;
  }
}

Description Session::make_offer(const AudioCapabilities& capabilities) {
  Description offer = sdp::make_offer(capabilities, {}, numbers_);
  if (local_) {
    Media audio = std::move(offer.media.front());
    offer.media.clear();
    std::transform(local_->media.begin(), local_->media.end(), std::back_inserter(offer.media), refused);
    const std::size_t index = index_of_audio(*local_);
    offer.media.resize(std::max(offer.media.size(), index + 1));
    offer.media[index] = std::move(audio);
  }
  adopt(offer);
  return offer;
}

Result<Description> Session::make_answer(const Description& offer, const AudioCapabilities& capabilities) {
  if (offer.media.empty() && local_ && !local_->media.empty()) {
    return Error(Errc::InvalidArgument, "The offer leaves out a stream of the session, which may only be refused (RFC 3264 section 8)");
  }
  if (offer.media.empty()) {
    // RFC 3264 §5: for now nothing is to flow; somebody who sets up a call for others begins so.
    Description nothing;
    nothing.connection = Connection::to(capabilities.address.ip);
    nothing.times = offer.times;
    adopt(nothing);
    negotiated_.reset();
    return nothing;
  }
  AudioCapabilities present = capabilities;
  if (negotiated_) {
    present.protection.present = negotiated_->security;
  }
  auto answer = sdp::make_answer(offer, present, {});
  if (!answer) {
    return answer.error();
  }
  adopt(answer->description);
  negotiated_ = std::move(answer->negotiated);
  return std::move(answer->description);
}

Result<Negotiated> Session::accept_answer(const Description& answer) {
  if (!local_) {
    return Error(Errc::WrongState, "An answer came before any offer was made");
  }
  auto negotiated = negotiate_answer(*local_, answer);
  if (negotiated) {
    negotiated_ = *negotiated;
  }
  return negotiated;
}

/// Gives the description our `o=` line and remembers it as sent.
void Session::adopt(Description& description) {
  const auto number_origin = [&] {
    if (followed_) {
      description.origin = *followed_;
      description.origin.version = std::to_string(version_);
      return;
    }
    const Connection own = Connection::to(address_);
    description.origin = {"-", std::to_string(session_id_), std::to_string(version_), own.network_type, own.address_type, own.address};
  };
  number_origin();
  if (local_ && description != *local_) {
    ++version_;
    number_origin();
  }
  local_ = description;
  remember_numbers();
}

void Session::remember_numbers() {
  const std::size_t index = index_of_audio(*local_);
  if (index == local_->media.size()) {
    return;
  }
  for (Codec& format : formats_in(local_->media[index])) {
    std::erase_if(numbers_, [&](const Codec& known) { return known.payload_type == format.payload_type; });
    numbers_.push_back(std::move(format));
  }
}

}  // namespace callwright::sdp
