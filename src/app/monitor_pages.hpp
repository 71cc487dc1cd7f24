#pragma once

#include "app/monitor_service.hpp"
#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "net/engine_loop.hpp"
#include "server/web_server.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace callwright::app {

/// What monitors are asked over HTTP (docs/testing/monitoring.md): `/`, `/healthz`, `/monitors`, `/monitors/NAME/runs`, `/run/NAME`, `/report/RUN/FILE`,
/// `/metrics`. Answers are made on the loop thread.
class MonitorPages {
 public:
  /// `loop` and `service` outlive it.
  MonitorPages(net::EngineLoop& loop, MonitorService& service);
  /// Gives the address in use.
  base::Result<base::SocketAddress> listen(const base::SocketAddress& address);
  void start() { web_.start(); }
  void blocking_stop() { web_.blocking_stop(std::chrono::milliseconds(500)); }

 private:
  struct Question;
  void answer(const Question& question, const server::HttpReply& reply);
  [[nodiscard]] server::HttpResponse blocking_page(const Question& question);
  [[nodiscard]] server::HttpResponse metrics(const Question& question) const;
  [[nodiscard]] server::HttpResponse blocking_runs(std::string_view monitor, std::string_view query);
  [[nodiscard]] server::HttpResponse blocking_report(std::string_view path);
  void run(const Question& question, const server::HttpReply& reply);
  [[nodiscard]] bool may(const Question& question, const std::string& token) const;

  net::EngineLoop& loop_;
  MonitorService& service_;
  bool loopback_ = true;
  server::WebServer web_;
};

/// The page for people: all monitors with what they do now, their last runs, and a button for each. `runs` is as `/monitors` tells, `history` the latest runs
/// of each.
[[nodiscard]] std::string monitor_page(const base::Json& monitors, const std::vector<std::vector<store::RunHistory::Run>>& history);

}  // namespace callwright::app
