#include "sip/sent_ack.hpp"

#include "sip/user_agent.hpp"
#include "sip/writer.hpp"

#include <algorithm>
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
  if (const auto destination = Locator::numeric(*uri)) {
    go_to(*destination, uri->host);
    write(request, invite.cseq(), invite.authorization());
    transmit();
    return;
  }
  auto pending = std::make_shared<OutgoingRequest>(std::move(request));
  // The answer may come at once, while the ticket is being made.
  auto found = std::make_shared<bool>(false);
  Locator::Ticket search = user_agent_.locator().locate(*uri, [this, found, pending, host = std::string(uri->host), cseq = invite.cseq(),
                                                               authorization = invite.authorization()](const base::Result<std::vector<Destination>>& servers) {
    *found = true;
    search_.reset();
    // A name that means nothing here: whoever took the INVITE may know it.
    if (servers) {
      const TransportPort& transport = user_agent_.transport();
      const auto usable = std::find_if(servers->begin(), servers->end(), [&transport](const Destination& server) {
        return transport.local_address(server.transport, server.address).has_value();
      });
      if (usable != servers->end()) {
        go_to(*usable, host);
      }
    }
    write(*pending, cseq, authorization);
    transmit();
  });
  if (!*found) {
    search_ = std::move(search);
  }
}

void SentAck::go_to(const Destination& destination, std::string_view host) {
  flow_ = {.transport = destination.transport,
           .local = flow_.transport == destination.transport ? flow_.local : base::SocketAddress{},
           .remote = destination.address,
           .connection = {}};
  if (is_reliable(flow_.transport)) {
    flow_.connection = user_agent_.transactions().transport().connect(flow_.transport, flow_.remote, host);
  }
}

void SentAck::write(const OutgoingRequest& request, std::uint32_t cseq, std::string_view authorization) {
  text_.clear();
  text_.reserve(448 + authorization.size() + request.body.size());
  Writer writer(text_);
  writer.request(Method::Ack, request.uri);
  // Where there is no listener any more, sending it says so.
  static_cast<void>(user_agent_.transactions().append_via(text_, flow_));
  writer.header(Header::MaxForwards, 70);
  for (const std::string& route : request.routes) {
    writer.header(Header::Route, route);
  }
  writer.raw(request.parties);
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
  if (search_ == nullptr && !text_.empty()) {
    transmit();
  }
}

}  // namespace callwright::sip
