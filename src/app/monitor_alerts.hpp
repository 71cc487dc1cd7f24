#pragma once

#include "app/monitor_config.hpp"
#include "base/random.hpp"
#include "net/engine_loop.hpp"
#include "net/http_client.hpp"
#include "net/mail_client.hpp"
#include "net/webhook.hpp"
#include "verify/monitor/alert.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::app {

/// Tells people and programs when a monitor begins to fail, and when it works again. Loop thread; the loop is at an end before it is destroyed.
class MonitorAlerts {
 public:
  /// Errors: Io, InvalidArgument. `loop` outlives it.
  static base::Result<std::unique_ptr<MonitorAlerts>> blocking_create(net::EngineLoop& loop, std::vector<AlertPlan> plans);

  /// A result from before, of which nothing is told any more; in their order.
  void remember(const verify::MonitorResult& result);
  void add(const verify::MonitorResult& result, const std::string& report_url);
  /// Told, and not taken yet.
  [[nodiscard]] std::size_t waiting() const noexcept;
  /// What waits has one more chance.
  void finish(base::Duration limit, std::function<void()> done);

 private:
  struct Channel {
    AlertPlan plan;
    std::unique_ptr<net::Webhook> hook;
    std::unique_ptr<net::MailClient> mail;
    std::map<std::string, verify::AlertState, std::less<>> states;  ///< By monitor.
  };

  explicit MonitorAlerts(net::EngineLoop& loop) : loop_(loop) {}
  base::Result<void> blocking_open(std::vector<AlertPlan> plans);
  base::Result<void> open(Channel& channel);
  verify::AlertState* state_for(Channel& channel, std::string_view monitor);
  void tell(Channel& channel, const verify::Alert& alert);
  void tell_by_mail(Channel& channel, const verify::Alert& alert, const std::string& id);

  net::EngineLoop& loop_;
  base::SystemRandom random_;
  std::unique_ptr<net::HttpClient> http_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::size_t mails_ = 0;  ///< On their way.
};

}  // namespace callwright::app
