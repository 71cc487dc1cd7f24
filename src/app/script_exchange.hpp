#pragma once

#include "app/service.hpp"
#include "call/agent.hpp"
#include "net/own_certificate.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <set>
#include <string>

namespace callwright::app {

/// What an exchange of scripts is like, before it is given its ports: of the file of `callwright serve`, or for nothing but calls among its users where
/// `path` is "". Errors: those of the file, and what cannot be of use there.
[[nodiscard]] base::Result<Config> script_exchange_config(const std::string& path);

/// The exchange that the phones of a script may use: on free ports of 127.0.0.1, with threads of its own. Owned and asked by the script's thread.
class ScriptExchange {
 public:
  static base::Result<std::unique_ptr<ScriptExchange>> blocking_start(Config config);

  /// {"addresses": {"UDP": "127.0.0.1:5060", …}, "authority": who vouches for its certificate, a path, "domain"}
  [[nodiscard]] boost::json::object description() const;
  /// The agent has an account from now on, unless there is one of this name, and its domain is one of the exchange.
  void blocking_add(const call::AgentOptions& agent);

 private:
  explicit ScriptExchange(net::OwnCertificate certificate) : certificate_(std::move(certificate)) {}

  net::OwnCertificate certificate_;
  call::LogEventSink events_;
  std::unique_ptr<Service> service_;
  std::set<std::string> accounts_;
  std::set<std::string> domains_;
};

}  // namespace callwright::app
