#include "app/call_view.hpp"
#include "app/commands.hpp"
#include "app/demo_journal.hpp"
#include "app/demo_options.hpp"
#include "app/service.hpp"
#include "app/soft_phone.hpp"
#include "net/media_thread.hpp"
#include "server/call_api/client.hpp"

#include <cmath>
#include <csignal>
#include <cstdio>
#include <optional>

namespace callwright::app {
namespace {

using server::call_api::Client;
using std::chrono::seconds;

constexpr double kAliceHz = 440;
constexpr double kBobHz = 660;
constexpr double kToleranceHz = 10;
constexpr seconds kPatience{10};
constexpr int kUsage = 2;

/// The parts of the demo, in an order in which they can be destroyed.
struct Stage {
  DemoJournal journal{2};
  std::unique_ptr<Service> service;
  std::unique_ptr<net::MediaThread> media;
  std::unique_ptr<SoftPhone> alice;
  std::unique_ptr<SoftPhone> bob;
  DemoOptions options;
  call::AgentMedia wanted;  ///< What both phones offer and accept,
  std::string agreed;       ///< and what they agreed on, for people.
};

base::Error failure(std::string what) { return {base::Errc::TimedOut, std::move(what)}; }

/// Runs `task` on the engine thread and waits for it.
void on_engine(Service& service, const std::function<void()>& task) {
  std::promise<void> done;
  const bool posted = service.loop().post([&] {
    task();
    done.set_value();
  });
  if (posted) {
    done.get_future().wait();
  }
}

base::Result<void> set_up(Stage& stage) {
  Config config;
  const base::SocketAddress any{base::IpAddress::v4({127, 0, 0, 1}), 0};
  config.sip_listen = {{std::nullopt, any, std::nullopt, 0}};
  config.call_api_listen = config.http_listen = {{any}};
  base::SystemRandom random;
  config.accounts = {{"alice", random.token(20)}, {"bob", random.token(20)}};
  auto service = Service::create(config, stage.journal);
  if (!service) {
    return service.error();
  }
  stage.service = std::move(*service);
  Service& running = *stage.service;
  running.exchange().trace_messages();
  stage.media = std::make_unique<net::MediaThread>(running.loop());
  const base::SocketAddress registrar = running.sip_addresses(sip::Transport::Udp).front();
  const auto make = [&](std::unique_ptr<SoftPhone>& phone, const AccountConfig& account, double tone_hz) -> base::Result<void> {
    call::AgentOptions agent;
    agent.name = account.username;
    agent.address_of_record = "sip:" + account.username + "@" + registrar.to_string();
    agent.registrar = "sip:" + registrar.to_string();
    agent.password = account.password;
    agent.media_address = any.ip;
    agent.source = media::Tone{.frequency_hz = tone_hz, .level_dbov = -20};
    agent.media = stage.wanted;
    if (!stage.options.record.empty()) {
      agent.recording = call::AgentRecording{.folder = stage.options.record};
    }
    auto made = SoftPhone::create(running.loop(), running.random(), running.resolver(), *stage.media, stage.journal, any, std::move(agent));
    if (!made) {
      return made.error();
    }
    phone = std::move(*made);
    return base::ok();
  };
  if (auto made = make(stage.alice, config.accounts[0], kAliceHz); !made) {
    return made;
  }
  return make(stage.bob, config.accounts[1], kBobHz);
}

base::Result<void> register_phones(Stage& stage) {
  auto registered = stage.journal.registered();
  stage.service->start();
  on_engine(*stage.service, [&stage] {
    stage.alice->agent().start_registration();
    stage.bob->agent().start_registration();
  });
  if (registered.wait_for(kPatience) != std::future_status::ready) {
    return failure("the phones could not register");
  }
  std::printf("\nalice %s and bob %s are registered (UDP, digest)\n\n", stage.alice->address().to_string().c_str(), stage.bob->address().to_string().c_str());
  return base::ok();
}

/// Sends one command and prints what comes back until it has ended. Gives the Call-ID of the call, when there was one.
base::Result<std::string> run_command(Client& client, const std::string& request) {
  const Client::Deadline deadline = std::chrono::steady_clock::now() + kPatience;
  std::printf("-> %s\n", request.c_str());
  if (const auto sent = client.blocking_send(request, deadline); !sent) {
    return sent.error();
  }
  std::string call_id;
  bool failed = false;
  while (true) {
    const auto text = client.blocking_receive(deadline);
    if (!text) {
      return text.error();
    }
    std::printf("<- %s\n", text->c_str());
    const CallMessage message = read_message(*text);
    call_id = message.call_id.empty() ? call_id : message.call_id;
    failed = failed || message.kind == CallMessage::Kind::ErrorAnswer || message.event == "Error";
    if (message.event == "Ended" || message.kind == CallMessage::Kind::ErrorAnswer) {
      break;
    }
  }
  if (failed) {
    return failure("the command failed");
  }
  return call_id;
}

bool hears(const DemoJournal::HeardByAgent& heard, const std::string& agent, const std::string& other, double expected_hz) {
  const auto found = heard.find(agent);
  if (found == heard.end()) {
    return false;
  }
  const DemoJournal::Heard& tone = found->second;
  const bool right = std::abs(tone.frequency_hz - expected_hz) <= kToleranceHz;
  const double delay_ms = std::chrono::duration<double, std::milli>(tone.first_audio).count();
  std::printf("%-5s hears %.0f Hz at %.1f dBov (%s plays %.0f Hz), first audio after %.0f ms%s\n", agent.c_str(), tone.frequency_hz, tone.level_dbov,
              other.c_str(), expected_hz, delay_ms, right ? "" : "  WRONG TONE");
  return right;
}

/// Of what the phones agreed on.
base::Result<void> check_agreement(Stage& stage) {
  bool as_wanted = false;
  on_engine(*stage.service, [&] {
    const sdp::Negotiated* const negotiated = stage.bob->agent().negotiated();
    as_wanted = negotiated != nullptr && is_as_wanted(*negotiated, stage.options);
    stage.agreed = negotiated == nullptr ? "no media" : describe(*negotiated);
  });
  if (!as_wanted) {
    return failure("the phones agreed on something else than was asked for: " + stage.agreed);
  }
  return base::ok();
}

base::Result<void> talk(Stage& stage) {
  auto client = Client::blocking_connect(stage.service->call_api_url(), std::chrono::steady_clock::now() + kPatience);
  if (!client) {
    return client.error();
  }
  auto heard = stage.journal.heard();
  auto ended = stage.journal.ended();
  const std::string host = stage.service->sip_addresses(sip::Transport::Udp).front().to_string();
  const auto call_id = run_command(
      *client, make_request("1", "CallStart", {CallParameter::text("caller", "sip:alice@" + host), CallParameter::text("callee", "sip:bob@" + host)}));
  if (!call_id) {
    return call_id.error();
  }
  std::printf("\nlistening ...\n");
  if (heard.wait_for(kPatience) != std::future_status::ready) {
    return failure("the phones did not hear each other");
  }
  const DemoJournal::HeardByAgent tones = heard.get();
  const bool alice_hears = hears(tones, "alice", "bob", kBobHz);
  const bool bob_hears = hears(tones, "bob", "alice", kAliceHz);
  if (auto agreed = check_agreement(stage); !agreed) {
    return agreed;
  }
  std::printf("\n");
  const auto hung_up = run_command(*client, make_request("2", "CallEnd", {CallParameter::text("callid", *call_id)}));
  if (!hung_up) {
    return hung_up.error();
  }
  if (ended.wait_for(kPatience) != std::future_status::ready) {
    return failure("the phones were not told that the call has ended");
  }
  client->blocking_close(std::chrono::steady_clock::now() + seconds(2));
  return alice_hears && bob_hears ? base::ok() : base::Result<void>(failure("a phone heard the wrong tone"));
}

/// The recordings are complete when the call has ended, as soon as the disk has them.
base::Result<void> show_recordings(Stage& stage, std::future<DemoJournal::Recordings> recorded) {
  if (stage.options.record.empty()) {
    return base::ok();
  }
  if (recorded.wait_for(kPatience) != std::future_status::ready) {
    return failure("the recordings were not completed");
  }
  std::printf("\n");
  for (const auto& [path, duration] : recorded.get()) {
    std::printf("recorded %.1f s: %s\n", std::chrono::duration<double>(duration).count(), path.c_str());
  }
  return base::ok();
}

/// So that nobody calls a phone that is gone; one that gets no answer is not waited for.
void unregister_phones(Stage& stage) {
  constexpr seconds kUnregisterPatience{2};
  auto unregistered = stage.journal.unregistered();
  on_engine(*stage.service, [&stage] {
    stage.alice->agent().stop_registration();
    stage.bob->agent().stop_registration();
  });
  static_cast<void>(unregistered.wait_for(kUnregisterPatience));
}

void show_ladder(const Stage& stage) {
  const std::string ladder = verify::draw_ladder(
      stage.journal.messages(),
      {{"alice", {stage.alice->address()}}, {"callwright", {stage.service->sip_addresses(sip::Transport::Udp).front()}}, {"bob", {stage.bob->address()}}});
  std::printf("\nWhat went over the wire:\n\n%s\n", ladder.c_str());
}

void clear_away(Stage& stage) {
  if (stage.service == nullptr) {
    return;
  }
  stage.service->stop();
  if (stage.alice != nullptr && stage.bob != nullptr) {
    show_ladder(stage);
  }
  stage.alice.reset();
  stage.bob.reset();
  stage.media.reset();
  stage.service.reset();
}

constexpr const char* kNextSteps =
    "\nNext:\n"
    "  scripts/run serve         starts the server: SIP on 127.0.0.1:5060, Call API on ws://127.0.0.1:5059/call-api\n"
    "  a phone of your own       registers at 127.0.0.1:5060 as alice (password alice-demo), bob (bob-demo) or carol (carol-demo)\n"
    "  a client of your own      scripts/run call CallStart caller=sip:alice@127.0.0.1 callee=sip:bob@127.0.0.1\n"
    "                            or any WebSocket client: docs/call-api.md\n";

}  // namespace

int demo(const DemoOptions& options) {
  const auto media = media_of(options);
  if (!media) {
    std::fprintf(stderr, "%s\n", media.error().message().c_str());
    return kUsage;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const auto start = std::chrono::steady_clock::now();
  std::printf("Two phones, one exchange and a WebSocket client: a call from alice to bob.\n");
  Stage stage;
  stage.options = options;
  stage.wanted = *media;
  base::Result<void> outcome = set_up(stage);
  if (outcome) {
    outcome = register_phones(stage);
  }
  const bool registered = outcome.has_value();
  auto recorded = stage.journal.recorded();
  if (outcome) {
    outcome = talk(stage);
  }
  if (outcome) {
    outcome = show_recordings(stage, std::move(recorded));
  }
  if (registered) {
    unregister_phones(stage);
  }
  clear_away(stage);
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!outcome) {
    std::printf("FAILED after %.1f s: %s\n", took, outcome.error().message().c_str());
    return 1;
  }
  std::printf("PASSED in %.1f s: registered, called, heard both ways (%s), hung up\n%s", took, stage.agreed.c_str(), kNextSteps);
  return 0;
}

}  // namespace callwright::app
