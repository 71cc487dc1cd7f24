#include "sip/sent_ack.hpp"

#include "sip/user_agent.hpp"
#include "sip/writer.hpp"

#include <utility>

namespace callwright::sip {
namespace {

/// The URI of the next hop: the first Route, else the Request-URI.
std::string_view next_hop(const OutgoingRequest& request) {
  if (request.routes.empty()) {
    return request.uri;
  }
  const auto route = NameAddr::parse(request.routes.front());
  return route ? route->uri : std::string_view(request.uri);
}

}  // namespace

void SentAck::send(OutgoingRequest request, const ClientRequest& invite) {
  flow_ = request.flow.value_or(invite.flow());
  const auto uri = UriView::parse(next_hop(request));
  if (request.flow || is_reliable(flow_.transport) || !uri || uri->scheme != UriView::Scheme::Sip) {
    write(request, invite.cseq(), invite.authorization());
    transmit();
    return;
  }
  const base::SocketAddress invited = flow_.remote;
  if (equals_ignoring_case(uri->parameter("transport").value_or("udp"), "tcp")) {
    flow_ = {};
    flow_.transport = Transport::Tcp;
  }
  flow_.remote.port = uri->port != 0 ? uri->port : std::uint16_t{5060};
  const std::string host(uri->parameter("maddr").value_or(uri->host));
  if (const auto literal = base::IpAddress::parse(host)) {
    flow_.remote.ip = *literal;
    write(request, invite.cseq(), invite.authorization());
    transmit();
    return;
  }
  lookup_ = std::make_shared<char>();
  auto pending = std::make_shared<OutgoingRequest>(std::move(request));
  user_agent_.resolver().resolve(host, [this, lookup = std::weak_ptr<char>(lookup_), pending, invited, cseq = invite.cseq(),
                                        authorization = invite.authorization()](const base::Result<std::vector<base::IpAddress>>& addresses) {
    if (lookup.expired()) {
      return;
    }
    lookup_.reset();
    if (addresses && !addresses->empty()) {
      flow_.remote.ip = addresses->front();
    } else {
      // A name that means nothing here: whoever took the INVITE may know it.
      flow_.remote = invited;
    }
    write(*pending, cseq, authorization);
    transmit();
  });
}

void SentAck::write(const OutgoingRequest& request, std::uint32_t cseq, std::string_view authorization) {
  TransactionLayer& layer = user_agent_.transactions();
  text_.clear();
  text_.reserve(448 + authorization.size() + request.body.size());
  Writer writer(text_);
  writer.request(Method::Ack, request.uri);
  writer.header(Header::Via, layer.make_via(flow_, layer.make_branch()).value_or(std::string{}));
  writer.header(Header::MaxForwards, 70);
  for (const std::string& route : request.routes) {
    writer.header(Header::Route, route);
  }
  writer.header(Header::From, request.from);
  writer.header(Header::To, request.to);
  writer.header(Header::CallId, request.call_id);
  writer.cseq(cseq, "ACK");
  writer.raw(authorization);
  if (request.body.empty()) {
    writer.end();
  } else {
    writer.body("application/sdp", request.body);
  }
}

void SentAck::transmit() { user_agent_.transactions().send(flow_, text_); }

void SentAck::repeat() {
  if (lookup_ == nullptr && !text_.empty()) {
    transmit();
  }
}

}  // namespace callwright::sip
