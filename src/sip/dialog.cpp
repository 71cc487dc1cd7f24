#include "sip/dialog.hpp"

#include <algorithm>

namespace callwright::sip {
namespace {

void take_target(std::string& target, const Message& message) {
  if (const auto contact = message.contact(); contact && !contact->wildcard) {
    target = contact->uri;
  }
}

std::vector<std::string> recorded_routes(const Message& message) {
  std::vector<std::string> routes;
  message.for_each_value(Header::RecordRoute, [&routes](std::string_view value) {
    routes.emplace_back(value);
    return true;
  });
  return routes;
}

bool is_loose(std::string_view route) {
  const auto parsed = NameAddr::parse(route);
  if (!parsed) {
    return true;
  }
  const auto uri = UriView::parse(parsed->uri);
  return !uri || uri->has_parameter("lr");
}

}  // namespace

std::string without_tag(std::string_view value, const NameAddr& parsed) {
  if (parsed.tag().empty()) {
    return std::string(value);
  }
  std::string text;
  text.reserve(parsed.display_name.size() + parsed.uri.size() + 5);
  if (!parsed.display_name.empty()) {
    text.append("\"").append(parsed.display_name).append("\" ");
  }
  text.append("<").append(parsed.uri).append(">");
  return text;
}

Dialog Dialog::answering(const Message& request, std::string tag) {
  Dialog dialog;
  dialog.call_id = request.call_id();
  dialog.local_tag = std::move(tag);
  dialog.remote_tag = request.from().tag();
  dialog.local = without_tag(request.header(Header::To).value_or(std::string_view{}), request.to());
  dialog.remote = without_tag(request.header(Header::From).value_or(std::string_view{}), request.from());
  dialog.remote_target = request.from().uri;
  take_target(dialog.remote_target, request);
  dialog.route_set = recorded_routes(request);
  dialog.remote_cseq = request.cseq().number;
  return dialog;
}

void Dialog::establish(const Message& response) {
  remote_tag = response.to().tag();
  take_target(remote_target, response);
  route_set = recorded_routes(response);
  std::reverse(route_set.begin(), route_set.end());
}

void Dialog::refresh_target(const Message& message) { take_target(remote_target, message); }

OutgoingRequest Dialog::request(Method method) const {
  OutgoingRequest request;
  request.method = method;
  request.uri = remote_target;
  request.routes = route_set;
  if (!route_set.empty() && !is_loose(route_set.front())) {
    if (const auto first = NameAddr::parse(route_set.front())) {
      request.uri = first->uri;
      request.routes.erase(request.routes.begin());
      request.routes.push_back("<" + remote_target + ">");
    }
  }
  request.parties = party_lines(local, local_tag, remote, remote_tag, call_id);
  return request;
}

std::optional<Flow> way_back(const Dialog& dialog, const Flow& flow) {
  if (!dialog.route_set.empty()) {
    return std::nullopt;
  }
  const auto target = UriView::parse(dialog.remote_target);
  const auto ip = target ? base::IpAddress::parse(target->host) : base::IpAddress::parse({});
  const bool elsewhere = !ip || *ip != flow.remote.ip;
  return elsewhere || is_reliable(flow.transport) ? std::optional(flow) : std::nullopt;
}

}  // namespace callwright::sip
