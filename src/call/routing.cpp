#include "call/routing.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {
namespace {

bool matches(std::string_view pattern, std::string_view user) {
  if (pattern.ends_with('*')) {
    return user.starts_with(pattern.substr(0, pattern.size() - 1));
  }
  return pattern == user;
}

Target target_of(const Route& route, const sip::UriView& dialled) {
  auto uri = sip::UriView::parse(route.target);
  if (uri && uri->user.empty()) {
    uri->user = dialled.user;
    return {uri->to_string(), std::nullopt, route.credentials, {}, route.peer, route.redirects, route.media};
  }
  return {route.target, std::nullopt, route.credentials, {}, route.peer, route.redirects, route.media};
}

}  // namespace

/// A phone is reached at its Contact, but over the way by which it registered where that is a connection that is still there, or where its address was
/// changed on the way (NAT) or is a name.
std::optional<sip::Flow> flow_to(const sip::Binding& binding) {
  if (binding.has_path()) {
    return std::nullopt;
  }
  return binding.outbound() || binding.flow.connection || binding.translated() ? std::optional(binding.flow) : std::nullopt;
}

Routing::Routing(const sip::Registrar& registrar, const sip::UserAgent& user_agent, std::vector<std::string> domains, std::vector<Route> routes)
    : registrar_(registrar), user_agent_(user_agent), domains_(std::move(domains)), routes_(std::move(routes)) {}

bool Routing::is_ours(const sip::UriView& uri) const {
  const bool named = std::any_of(domains_.begin(), domains_.end(), [&uri](const std::string& domain) { return sip::equals_ignoring_case(domain, uri.host); });
  if (named) {
    return true;
  }
  const auto ip = uri.host == "localhost" ? base::IpAddress::parse("127.0.0.1") : base::IpAddress::parse(uri.host);
  return ip && user_agent_.transport().is_local({*ip, uri.port});
}

Routing::Found Routing::find(std::string_view text, Asker asker) const {
  const auto uri = sip::UriView::parse(text);
  if (!uri || uri->scheme != sip::UriView::Scheme::Sip) {
    return {{}, 416};
  }
  const bool ours = is_ours(*uri);
  if (!ours && asker == Asker::Api) {
    return {{{std::string(text), std::nullopt, std::nullopt}}, 0};
  }
  if (ours) {
    Found found;
    const bool gruu = uri->has_parameter("gr");
    const std::string user = sip::unescape(uri->user);
    bool lost = false;
    for (const sip::Binding& binding : gruu ? registrar_.lookup_gruu(*uri, user) : registrar_.lookup(user)) {
      if (binding.reach.lost) {
        lost = true;
        continue;
      }
      found.targets.push_back(
          {binding.contact, flow_to(binding), std::nullopt, binding.details ? binding.details->path : std::vector<std::string>{}, Peer::User});
    }
    if (!found.targets.empty()) {
      return found;
    }
    if (gruu || lost) {
      // RFC 5627 §5.5: nobody else stands in for the one phone that it names. Nor does a trunk for phones that do not answer now.
      return {{}, 480};
    }
  }
  for (const Route& route : routes_) {
    if (matches(route.user, uri->user)) {
      Target target = target_of(route, *uri);
      const auto next = sip::UriView::parse(target.uri);
      // A route that leads back to us would call itself until Max-Forwards is used up.
      if (next && is_ours(*next)) {
        return {{}, 482};
      }
      Found found{{}, 0};
      found.targets.push_back(std::move(target));
      return found;
    }
  }
  return {{}, 404};
}

}  // namespace callwright::call
