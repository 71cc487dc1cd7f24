#pragma once

#include "base/random.hpp"
#include "base/timers.hpp"
#include "opensips/datagram.hpp"
#include "opensips/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace callwright::opensips {

/// What the connector asks of the Management Interface. OpenSIPS 3 knows these under one name, OpenSIPS 4 under another, and mostly under both.
enum class MiCommand : std::uint8_t {
  SendRequest,       ///< t_uac_dlg
  CancelRequest,     ///< t_uac_cancel
  Transfer,          ///< call_transfer
  Hold,              ///< call_hold
  Unhold,            ///< call_unhold
  EndDialog,         ///< dlg_end_dlg
  ListDialogs,       ///< dlg_list
  SendInDialog,      ///< dlg_send_sequential
  ListContacts,      ///< ul_dump
  Subscribe,         ///< event_subscribe
  StartSession,      ///< ua_session_client_start
  ReplyInSession,    ///< ua_session_reply
  TerminateSession,  ///< ua_session_terminate
};

/// The name of OpenSIPS 3, for messages.
[[nodiscard]] std::string_view to_string(MiCommand command) noexcept;

/// How a request ended.
struct MiOutcome {
  enum class Kind : std::uint8_t { Answered, Refused, Silent };
  Kind kind = Kind::Silent;
  base::Json result;      ///< When it was answered.
  int code = 0;           ///< When it was refused.
  std::string text;       ///< For people, when not answered: "404 Dialog not found".
  bool repeated = false;  ///< The proxy may have got it twice: a refusal may be that of the second time.
};

enum class MiNaming : std::uint8_t { Three, Four };

class MiClient;

/// One request at a time, sent again while it is unanswered where that does no harm. A member of the object that it reports to: destroyed = forgotten,
/// and so are late answers. Engine thread.
class MiRequest {
 public:
  enum class Repeat : std::uint8_t {
    Never,  ///< A second one would do a second thing: INVITE.
    WhileUnanswered,
  };
  enum class Next : std::uint8_t {
    Done,
    Wait,  ///< That was provisional: the real answer comes under the same id.
  };
  using Handler = std::function<Next(const MiOutcome&)>;

  MiRequest(MiClient& client, Handler handler);
  ~MiRequest() { cancel(); }
  MiRequest(const MiRequest&) = delete;
  MiRequest& operator=(const MiRequest&) = delete;

  /// Reports once (unless the handler waits for more), never from within; at `deadline` from now at the latest. Takes the place of one that is pending.
  void send(MiCommand command, base::Json::Object params, Repeat repeat, base::Duration deadline);
  void cancel();
  [[nodiscard]] bool pending() const noexcept { return !id_.empty(); }

 private:
  friend class MiClient;
  void transmit();
  void on_repeat();
  void on_deadline();
  void on_answer(const MiAnswer& answer);
  [[nodiscard]] bool try_other_name(const MiAnswer& answer);
  void report(const MiOutcome& outcome);

  MiClient& client_;
  const Handler handler_;
  std::string id_;  ///< "" while nothing is pending.
  MiCommand command_ = MiCommand::Subscribe;
  base::Json::Object params_;
  Repeat repeat_ = Repeat::Never;
  base::Duration pause_{};
  bool repeated_ = false;
  bool tried_other_name_ = false;
  MiNaming naming_ = MiNaming::Three;  ///< In which it was sent.
  base::Timer repeat_timer_;
  base::Timer deadline_;
};

/// The requests that wait for answers, by their ids: answers may come late, twice, and in any order. Engine thread.
class MiClient {
 public:
  /// All are used for as long as this lives.
  MiClient(base::Timers& timers, base::Random& random, Wire& wire);
  MiClient(const MiClient&) = delete;
  MiClient& operator=(const MiClient&) = delete;

  void on_answer(const MiAnswer& answer);
  [[nodiscard]] std::size_t pending() const noexcept { return requests_.size(); }

 private:
  friend class MiRequest;
  [[nodiscard]] std::string next_id();

  base::Timers& timers_;
  Wire& wire_;
  const std::string prefix_;  ///< Another run of this program may still get answers at the same port.
  std::uint64_t last_ = 0;
  MiNaming naming_ = MiNaming::Three;  ///< The one that worked last.
  std::unordered_map<std::string, MiRequest*> requests_;
};

}  // namespace callwright::opensips
