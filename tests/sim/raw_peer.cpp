#include "sim/raw_peer.hpp"

#include "sim/wire_log.hpp"

#include <algorithm>
#include <stdexcept>

namespace callwright::simulation {

std::vector<std::string> headers_of(std::string_view message, std::string_view name) {
  const std::string wanted = "\r\n" + std::string(name) + ": ";
  std::vector<std::string> values;
  const std::string_view head = message.substr(0, message.find("\r\n\r\n") + 2);
  for (std::size_t at = head.find(wanted); at != std::string_view::npos; at = head.find(wanted, at + 1)) {
    const std::size_t from = at + wanted.size();
    values.emplace_back(head.substr(from, head.find('\r', from) - from));
  }
  return values;
}

std::string header_of(std::string_view message, std::string_view name) {
  const std::vector<std::string> values = headers_of(message, name);
  return values.empty() ? std::string{} : values.front();
}

std::string parameter_of(std::string_view message, std::string_view header, std::string_view name) {
  WireMessage wire;
  wire.text = message;
  return wire.parameter(header, name);
}

std::string RawPeer::make_reply(const std::string& request, const Reply& reply) {
  std::string text = "SIP/2.0 " + std::to_string(reply.status) + " " + std::string(reply.reason) + "\r\n";
  for (const std::string& via : headers_of(request, "Via")) {
    text += "Via: " + via + "\r\n";
  }
  text += "From: " + header_of(request, "From") + "\r\nTo: " + header_of(request, "To");
  if (!reply.to_tag.empty() && parameter_of(request, "To", "tag").empty()) {
    text.append(";tag=").append(reply.to_tag);
  }
  text += "\r\nCall-ID: " + header_of(request, "Call-ID") + "\r\nCSeq: " + header_of(request, "CSeq") + "\r\n";
  text.append(reply.headers).append("Content-Length: ").append(std::to_string(reply.body.size())).append("\r\n\r\n").append(reply.body);
  return text;
}

void RawPeer::reply(const std::string& request, const Reply& reply) {
  const auto found = std::find(received.begin(), received.end(), request);
  const sip::Flow& flow = flows.at(static_cast<std::size_t>(found - received.begin()));
  network_.inject(node.address(), flow.remote, make_reply(request, reply), flow.transport);
}

std::string RawPeer::make_request(const Request& request) {
  std::string text;
  text.append(request.method).append(" ").append(request.uri).append(" SIP/2.0\r\nVia: ").append(request.via).append("\r\nMax-Forwards: 70\r\n");
  text.append("From: <sip:raw@192.0.2.9>;tag=").append(request.from_tag).append("\r\nTo: <").append(request.uri).append(">");
  if (!request.to_tag.empty()) {
    text.append(";tag=").append(request.to_tag);
  }
  text.append("\r\nCall-ID: ")
      .append(request.call_id)
      .append("\r\nCSeq: ")
      .append(std::to_string(request.cseq))
      .append(" ")
      .append(request.method)
      .append("\r\n");
  text.append(request.headers).append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n\r\n").append(request.body);
  return text;
}

const std::string& RawPeer::latest(std::string_view what) const {
  const auto found = std::find_if(received.rbegin(), received.rend(), [what](const std::string& text) { return what_is(text) == what; });
  if (found == received.rend()) {
    throw std::out_of_range("the peer got no " + std::string(what));
  }
  return *found;
}

std::size_t RawPeer::count(std::string_view what) const {
  return static_cast<std::size_t>(std::count_if(received.begin(), received.end(), [what](const std::string& text) { return what_is(text) == what; }));
}

}  // namespace callwright::simulation
