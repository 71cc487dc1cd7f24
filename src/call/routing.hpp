#pragma once

#include "call/caller_identity.hpp"
#include "call/media_profile.hpp"
#include "sip/registrar.hpp"
#include "sip/user_agent.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

/// Calls whose user matches go to a trunk or another fixed place.
struct Route {
  std::string user;    ///< A user, or a prefix that ends in '*': "0049*", "*".
  std::string target;  ///< SIP URI; where it has no user, the dialled one is put in.
  std::optional<sip::Credentials> credentials;
  Peer peer = Peer::Stranger;
  sip::RedirectPolicy redirects = sip::RedirectPolicy::Off;  ///< Whether a 3xx of the target is followed; if not, the caller hears 480.
  std::shared_ptr<const MediaProfile> media = {};            ///< Null: as for all.
};

/// One place to send an INVITE to.
struct Target {
  std::string uri;
  std::optional<sip::Flow> flow;
  std::optional<sip::Credentials> credentials;
  std::vector<std::string> routes = {};  ///< Before it goes there.
  Peer peer = Peer::Stranger;
  sip::RedirectPolicy redirects = sip::RedirectPolicy::Off;  ///< Which 3xx of it are followed.
  std::shared_ptr<const MediaProfile> media = {};            ///< Null: as for all.
  std::string headers = {};                                  ///< Ready-made lines for the INVITE.
};

/// Who asks: the API may call any URI, a phone only users and routes of this exchange (nobody else pays for its calls).
enum class Asker { Api, Phone };

/// Where calls go: registered users first, then routes in their order, then, for the API, the URI itself. Engine thread.
class Routing {
 public:
  struct Found {
    std::vector<Target> targets;  ///< All of them ring at once.
    int status = 404;             ///< Why there are none.
  };

  Routing(const sip::Registrar& registrar, const sip::UserAgent& user_agent, std::vector<std::string> domains, std::vector<Route> routes);

  [[nodiscard]] Found find(std::string_view uri, Asker asker) const;
  /// One more name of this exchange.
  void add_domain(std::string domain) { domains_.push_back(std::move(domain)); }
  /// True for a URI of this exchange: one of its domains or its own address.
  [[nodiscard]] bool is_ours(const sip::UriView& uri) const;

 private:
  const sip::Registrar& registrar_;
  const sip::UserAgent& user_agent_;
  std::vector<std::string> domains_;
  std::vector<Route> routes_;
};

/// Where requests to this binding are sent, when not where its Path or Contact points.
[[nodiscard]] std::optional<sip::Flow> flow_to(const sip::Binding& binding);

}  // namespace callwright::call
