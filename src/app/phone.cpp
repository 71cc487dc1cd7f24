#include "app/commands.hpp"
#include "app/console.hpp"
#include "app/phone_view.hpp"
#include "app/soft_phone.hpp"
#include "base/log.hpp"
#include "net/media_thread.hpp"

#include <cstdio>
#include <optional>
#include <string>
#include <utility>

namespace callwright::app {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
/// What the other side may take to answer BYE and un-REGISTER.
constexpr std::chrono::seconds kFarewell{2};
constexpr std::chrono::milliseconds kLook{10};

/// The phone on the engine thread: carries out commands, prints what happens, and knows when it is over.
class Phone final : private call::EventSink {
 public:
  Phone(net::EngineLoop& loop, Console& console, const PhoneOptions& options)
      : loop_(loop),
        console_(console),
        options_(options),
        hang_up_(loop.timers(), base::Callback::to<&Phone::hang_up_all>(*this)),
        look_(loop.timers(), base::Callback::to<&Phone::look>(*this)) {}

  /// Before the engine runs. Errors: those of `SoftPhone::create`.
  base::Result<void> open(base::Random& random, net::DnsResolver& resolver, media::MediaPort& media, PhonePlan plan);
  void begin();
  void carry_out(std::string_view line);
  void quit();

 private:
  void on_event(const call::Event& event) override;
  void on_media(const call::Event& event);
  void on_ended(const call::Event& event);
  void dial(const std::string& whom);
  base::Result<void> carry_out(const PhoneCommand& command);
  base::Result<void> carry_out(const PhoneCommand& command, call::AgentCall& call);
  void hang_up_all() { phone_->agent().hang_up_all(); }
  void leave(int status);
  void say_goodbye();
  void look();
  void tell(std::string_view name, std::string_view message);

  net::EngineLoop& loop_;
  Console& console_;
  const PhoneOptions& options_;
  std::unique_ptr<SoftPhone> phone_;
  base::Timer hang_up_;
  base::Timer look_;
  bool registers_ = false;
  bool dialed_ = false;
  bool unregistering_ = false;
  std::string latest_;  ///< Call-ID,
  std::string own_;     ///< as is this: the call of --dial.
  bool own_answered_ = false;
  std::optional<std::string> begun_;  ///< The call in which keys were pressed.
  std::optional<int> status_;         ///< Once it is leaving.
  base::TimePoint latest_farewell_{};
};

base::Result<void> Phone::open(base::Random& random, net::DnsResolver& resolver, media::MediaPort& media, PhonePlan plan) {
  registers_ = plan.registers;
  auto made = SoftPhone::create(loop_, random, resolver, media, *this, plan.listen, std::move(plan.agent));
  if (!made) {
    return made.error();
  }
  phone_ = std::move(*made);
  return base::ok();
}

void Phone::begin() {
  tell("listening", phone_->address().to_string());
  if (registers_) {
    phone_->agent().start_registration();
  } else if (!options_.dial.empty()) {
    dial(options_.dial);
  }
}

void Phone::dial(const std::string& whom) {
  const bool own = !std::exchange(dialed_, true) && !options_.dial.empty();
  const std::string call_id = phone_->agent().dial(uri_of(whom, phone_->agent().options())).call_id();
  if (own) {
    own_ = call_id;
  }
}

void Phone::carry_out(std::string_view line) {
  const auto command = read_phone_command(line);
  const auto done = command ? carry_out(*command) : base::Result<void>(command.error());
  if (!done) {
    tell("error", done.error().detail);
  }
}

base::Result<void> Phone::carry_out(const PhoneCommand& command) {
  if (command.kind == PhoneCommand::Kind::Quit) {
    quit();
    return base::ok();
  }
  if (command.kind == PhoneCommand::Kind::Dial) {
    if (!status_) {
      dial(command.argument);
    }
    return base::ok();
  }
  call::AgentCall* const call = phone_->agent().find(latest_);
  if (call == nullptr) {
    return base::Error(base::Errc::WrongState, "There is no call");
  }
  return carry_out(command, *call);
}

base::Result<void> Phone::carry_out(const PhoneCommand& command, call::AgentCall& call) {
  using Kind = PhoneCommand::Kind;
  switch (command.kind) {
    case Kind::Answer: call.answer(); break;
    case Kind::Hold: return call.hold();
    case Kind::Resume: return call.resume();
    case Kind::Play: {
      const auto source = source_of(command.argument);
      if (!source) {
        return source.error();
      }
      call.play(*source);
      break;
    }
    case Kind::Press: return call.press(command.argument);
    case Kind::HangUp: call.hang_up(); break;
    case Kind::Dial:
    case Kind::Quit: break;
  }
  return base::ok();
}

void Phone::on_event(const call::Event& event) {
  if (const auto line = options_.output == PhoneOptions::Output::Json ? phone_json(event) : phone_text(event)) {
    console_.print(*line);
  }
  if (std::holds_alternative<call::CallStarted>(event.what)) {
    latest_ = event.call_id;
  } else if (std::holds_alternative<call::CallAnswered>(event.what)) {
    own_answered_ = own_answered_ || event.call_id == own_;
  } else if (std::holds_alternative<call::MediaAgreed>(event.what)) {
    on_media(event);
  } else if (std::holds_alternative<call::CallEnded>(event.what)) {
    on_ended(event);
  } else if (std::holds_alternative<call::Registered>(event.what) && !options_.dial.empty() && !dialed_) {
    dial(options_.dial);
  } else if (std::holds_alternative<call::Unregistered>(event.what)) {
    unregistering_ = false;
  } else if (const auto* const failed = std::get_if<call::RegistrationFailed>(&event.what); failed != nullptr && !phone_->agent().registered()) {
    std::fprintf(stderr, "callwright phone: cannot register: %d %s; check --account and --password\n", failed->status, failed->reason.c_str());
    leave(kFailed);
  }
}

void Phone::on_media(const call::Event& event) {
  call::AgentCall* const call = phone_->agent().find(event.call_id);
  if (call == nullptr || begun_ == event.call_id) {
    return;
  }
  begun_ = event.call_id;
  if (!options_.keys.empty()) {
    static_cast<void>(call->press(options_.keys));  // Checked when the options were read.
  }
  if (event.call_id == own_ && options_.time.count() > 0) {
    hang_up_.start(options_.time);
  }
}

void Phone::on_ended(const call::Event& event) {
  const bool own = !options_.dial.empty() && dialed_ && (own_.empty() || event.call_id == own_);
  if (own && !status_) {
    leave(own_answered_ ? 0 : kFailed);
  }
}

void Phone::quit() { leave(0); }

void Phone::leave(int status) {
  if (status_) {
    return;
  }
  status_ = status;
  latest_farewell_ = loop_.clock().now() + kFarewell;
  // Not from within what the agent reports.
  static_cast<void>(loop_.post([this] { say_goodbye(); }));
}

void Phone::say_goodbye() {
  hang_up_all();
  unregistering_ = registers_ && phone_->agent().registered();
  if (unregistering_) {
    phone_->agent().stop_registration();
  }
  look();
}

void Phone::look() {
  const bool late = loop_.clock().now() >= latest_farewell_;
  if (late || (phone_->quiet() && !unregistering_)) {
    console_.finish(*status_);
    return;
  }
  look_.start(kLook);
}

void Phone::tell(std::string_view name, std::string_view message) {
  console_.print(options_.output == PhoneOptions::Output::Json ? phone_json(name, message) : phone_text(name, message));
}

/// All of it, in an order in which it can be destroyed.
struct Parts {
  explicit Parts(Console& console, const PhoneOptions& options) : phone(loop, console, options) {}
  ~Parts() {
    loop.stop();
    loop.join();
  }

  base::SystemRandom random;
  net::EngineLoop loop;
  net::DnsResolver resolver{loop};
  net::MediaThread media{loop};
  Phone phone;
};

}  // namespace

int phone(const PhoneOptions& options) {
  auto plan = plan_of(options);
  if (!plan) {
    std::fprintf(stderr, "callwright phone: %s\n", plan.error().detail.c_str());
    return kUsage;
  }
  base::log::set_level(base::log::Level::Warn);
  auto console = Console::create();
  if (!console) {
    std::fprintf(stderr, "callwright phone: %s\n", console.error().detail.c_str());
    return kFailed;
  }
  Parts parts(**console, options);
  if (const auto opened = parts.phone.open(parts.random, parts.resolver, parts.media, std::move(*plan)); !opened) {
    std::fprintf(stderr, "callwright phone: %s\n", opened.error().detail.c_str());
    return opened.error().code == base::Errc::InvalidArgument ? kUsage : kFailed;
  }
  Phone& running = parts.phone;
  const auto on_engine = [&parts](net::EngineLoop::Task task) { static_cast<void>(parts.loop.post(std::move(task))); };
  parts.loop.start();
  on_engine([&running] { running.begin(); });
  return (*console)->blocking_run({
      .on_line = [&](std::string_view line) { on_engine([&running, text = std::string(line)] { running.carry_out(text); }); },
      .on_end_of_input =
          [&] {
            if (options.dial.empty()) {
              on_engine([&running] { running.quit(); });
            }
          },
      .on_stop = [&] { on_engine([&running] { running.quit(); }); },
  });
}

}  // namespace callwright::app
