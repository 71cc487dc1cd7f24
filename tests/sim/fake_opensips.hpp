#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "opensips/datagram.hpp"
#include "opensips/wire.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::sim {

/// How a phone behind the fake proxy behaves.
struct ProxyPhone {
  enum class Refer { Follow, Reject, Ignore, FollowWithoutNotify };
  int answer_status = 200;
  base::Duration answer_after = std::chrono::milliseconds(800);
  Refer refer = Refer::Follow;
  bool allows_refer = true;  ///< Its Allow names REFER.
  int reinvite_status = 200;
  std::optional<base::Duration> hangs_up_after = {};  ///< After its answer.
};

/// An OpenSIPS proxy as its Management Interface and its events show it: commands, states, errors and oddities, in virtual time. What goes over the wire may
/// be lost, doubled and late.
class FakeOpenSips final : public opensips::Wire {
 public:
  struct Options {
    std::uint64_t seed = 1;
    double loss = 0;
    double duplication = 0;  ///< Of answers and events.
    base::Duration max_delay = std::chrono::milliseconds(2);
    int version = 3;
    bool passes_provisional = false;  ///< tm's option: the answer to an INVITE comes with "180 Ringing" first.
    bool reports_dialogs = true;      ///< E_DLG_STATE_CHANGED can be subscribed to.
    bool loses_invite_answers = false;
    base::Duration answers_after{};  ///< Of every answer.
  };
  struct Dialog {
    std::string caller;
    std::string callee;
    int state = 1;
    bool transferred = false;
    std::set<std::string> held;
    std::string waiting_id;                        ///< Of the t_uac_dlg that is not answered.
    std::map<std::string, std::string> told = {};  ///< By leg: the session description that the phone got last by dlg_send_sequential, or "BYE".
  };
  using Receiver = std::function<void(std::string_view)>;

  FakeOpenSips(base::ManualClock& clock, Options options) : clock_(clock), options_(options), random_(options.seed) {}

  void set_receiver(Receiver receiver) { receiver_ = std::move(receiver); }
  void send(std::string_view request) override;
  /// Everything that is due now.
  void advance();
  [[nodiscard]] std::optional<base::TimePoint> next_wakeup() const;

  void stop() { running_ = false; }
  /// Without its dialogs and subscriptions, as after a restart.
  void restart();
  /// A call between two phones, acknowledged.
  void add_call(const std::string& call_id, const std::string& caller, const std::string& callee);
  void set_dialog_state(const std::string& call_id, int state) { set_state(call_id, state); }
  /// A registration that comes or goes.
  void raise_contact(std::string_view event, std::string_view user, std::string_view contact) {
    raise(event, {opensips::parameter("domain", "location"), opensips::parameter("aor", user), opensips::parameter("uri", contact)});
  }
  /// A phone does what a REFER asked of it, when nobody expects that any more.
  void follow_late(const std::string& call_id, const std::string& who, const std::string& destination) { follow(call_id, who, destination, true); }
  void hang_up(const std::string& call_id) { end_dialog(call_id, false); }

  std::map<std::string, ProxyPhone> phones;
  std::map<std::string, Dialog> dialogs;
  std::map<std::string, std::string> sessions;  ///< Key → callee.
  std::map<std::string, std::string> contacts;  ///< Of users that are registered.
  std::vector<std::string> methods;             ///< Of the requests that arrived, in order.
  std::vector<base::Json> requests;             ///< Their parameters.
  Options& options() noexcept { return options_; }
  [[nodiscard]] std::size_t count(std::string_view method) const;
  /// A session of b2b_entities is hung up by the callee.
  void hang_up_session(const std::string& key);

 private:
  using Params = base::Json;
  static std::string get(const Params& params, std::string_view name);
  static std::string status_line(int status);
  static std::string sdp_of(const std::string& who);
  void at(base::Duration delay, std::function<void()> action);
  void carry(const std::string& bytes, const std::function<void(std::string_view)>& to, double duplication);
  void on_request(std::string_view bytes);
  void reply(const std::string& id, base::Json result);
  void refuse(const std::string& id, int code, std::string_view message);
  void raise(std::string_view event, base::Json::Object params);
  void set_state(const std::string& call_id, int state);
  void end_dialog(const std::string& call_id, bool cancelled);

  void send_request(const std::string& id, const Params& params);
  void invite(const std::string& id, const Params& params, const std::string& call_id);
  void answer_invite(const std::string& call_id);
  void send_in_dialog(const std::string& id, const Params& params, const std::string& call_id);
  void cancel_request(const std::string& id, const Params& params);
  void transfer(const std::string& id, const Params& params);
  void follow(const std::string& call_id, const std::string& who, const std::string& destination, bool notifies);
  void conclude_transfer(const std::string& call_id, const std::string& new_call_id, const std::string& destination, bool notifies);
  void hold(const std::string& id, const Params& params, bool holds);
  void end(const std::string& id, const Params& params);
  void list(const std::string& id, const Params& params);
  void subscribe(const std::string& id, const Params& params);
  void list_contacts(const std::string& id, const Params& params);
  void send_sequential(const std::string& id, const Params& params);
  void start_session(const std::string& id, const Params& params);
  void answer_session(const std::string& key);
  void end_session(const std::string& id, const Params& params);

  base::ManualClock& clock_;
  Options options_;
  base::DeterministicRandom random_;
  Receiver receiver_;
  bool running_ = true;
  unsigned life_ = 0;  ///< Restarts so far: what was planned before one does not happen.
  unsigned calls_ = 0;
  std::multimap<base::TimePoint, std::function<void()>> planned_;
  std::map<std::string, base::TimePoint> subscriptions_;
};

}  // namespace callwright::sim
