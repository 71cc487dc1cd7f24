// Registration at scale, in virtual time: what a refresh costs a registrar with 100 000 bindings, digest included, what a binding weighs, and what ten thousand
// registered phones of our own weigh in one process.
#include "base/random.hpp"
#include "base/timers.hpp"
#include "call/accounts.hpp"
#include "sip/register_client.hpp"
#include "sip/registrar.hpp"
#include "sip/user_agent.hpp"
#include "sip/writer.hpp"

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <unistd.h>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright {
namespace {

using namespace std::chrono_literals;

constexpr int kBindings = 100'000;
constexpr int kPhones = 10'000;
constexpr std::string_view kRealm = "callwright";

double resident_mb() {
  long total = 0;
  long resident = 0;
  if (std::FILE* const file = std::fopen("/proc/self/statm", "r")) {
    static_cast<void>(std::fscanf(file, "%ld %ld", &total, &resident));
    static_cast<void>(std::fclose(file));
  }
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

const base::SocketAddress kAddress{base::IpAddress::v4({192, 0, 2, 1}), 5060};

/// Keeps what is sent, for `deliver`.
class Wire final : public sip::TransportPort {
 public:
  void send(const sip::Flow& flow, std::string_view message) override {
    if (keep) {
      sent.emplace_back(flow, message);
    }
    size = message.size();
  }
  sip::ConnectionId connect(sip::Transport /*transport*/, const base::SocketAddress& /*remote*/, std::string_view /*server_name*/) override { return {}; }
  [[nodiscard]] std::optional<base::SocketAddress> local_address(sip::Transport /*transport*/, const base::SocketAddress& /*remote*/) const override {
    return kAddress;
  }
  [[nodiscard]] bool is_local(const base::SocketAddress& address) const override { return address == kAddress; }

  bool keep = false;
  std::size_t size = 0;
  std::deque<std::pair<sip::Flow, std::string>> sent;
};

class NoNames final : public sip::Resolver {
 public:
  void query(sip::DnsKind /*kind*/, const std::string& /*name*/, Answer answer) override { answer(sip::DnsRecords{}); }
  void resolve(const std::string& /*host*/, Handler handler) override { handler(base::Error(base::Errc::NotFound, "no names here")); }
};

/// A user agent in virtual time with nothing on the wire.
struct World {
  base::ManualClock clock;
  base::Timers timers{clock};
  base::DeterministicRandom random{1};
  Wire wire;
  NoNames names;
  sip::UserAgent agent{timers, random, wire, names, {}};

  void pass(base::Duration time) {
    clock.advance(time);
    timers.advance();
  }
};

std::string user_name(int number) { return "user" + std::to_string(number); }

/// The registrar's side.
class RegistrarWorld final : public sip::UserAgent::Handler {
 public:
  RegistrarWorld() {
    world.agent.set_handler(this);
    malloc_trim(0);
    const auto before = mallinfo2().uordblks;
    for (int number = 0; number < kBindings; ++number) {
      deliver(message(number, 1, {}));
      world.pass(10us);
    }
    world.pass(40s);  // The transactions are gone.
    bytes_per_binding = static_cast<double>(mallinfo2().uordblks - before) / kBindings;
    for (int number = 0; number < kBindings; ++number) {
      accounts.add(user_name(number), "secret");
    }
    protect = true;
  }
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override {
    if (!protect) {
      registrar.handle(transaction, request, std::string(sip::user_of(request.to().uri)));
      return;
    }
    const call::Accounts::Check check = accounts.check(request, transaction.flow().remote.ip);
    if (check.outcome == call::Accounts::Check::Outcome::Accepted) {
      ++accepted;
      registrar.handle(transaction, request, check.username, check.info);
    } else {
      transaction.respond({.status = 401, .headers = check.challenge});
    }
  }
  void deliver(std::string_view text) {
    world.agent.transport_user().on_message(
        {.transport = sip::Transport::Udp, .local = {}, .remote = {base::IpAddress::v4({192, 0, 2, 9}), 5060}, .connection = {}}, text);
  }
  /// What a desk phone sends.
  std::string message(int number, int sequence, std::string_view headers) {
    const std::string user = user_name(number);
    std::string text = "REGISTER sip:exchange.example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bK";
    text += user + "x" + std::to_string(sequence) + "\r\nMax-Forwards: 70\r\nFrom: <sip:" + user + "@exchange.example.com>;tag=1928301774\r\nTo: <sip:" + user;
    text += "@exchange.example.com>\r\nCall-ID: a84b4c76e66710-" + user + "\r\nCSeq: " + std::to_string(sequence) + " REGISTER\r\nContact: <sip:" + user;
    text += "@192.0.2.9:5060>\r\nExpires: 3600\r\nUser-Agent: Desk Phone 1.0 (build 2210)\r\n";
    return text.append(headers).append("Content-Length: 0\r\n\r\n");
  }
  std::string authorized(int number, int sequence) {
    sip::Message asking;
    const std::string plain = message(number, sequence, {});
    if (!asking.parse(plain)) {
      return {};
    }
    const std::string lines = accounts.check(asking, {}).challenge;
    constexpr std::size_t kName = sizeof("WWW-Authenticate: ") - 1;
    const auto challenge = sip::DigestChallenge::parse(std::string_view(lines).substr(kName, lines.size() - kName - 2));
    sip::DigestClient client({user_name(number), "secret"}, world.random);
    return message(number, sequence, "Authorization: " + client.authorize(*challenge, "REGISTER", "sip:exchange.example.com") + "\r\n");
  }

  World world;
  call::Accounts accounts{std::string(kRealm), {sip::DigestAlgorithm::Md5}, world.clock, world.random};
  sip::Registrar registrar{world.timers, world.random, {}};
  bool protect = false;
  std::size_t accepted = 0;
  double bytes_per_binding = 0;
  int cseq = 1;
};

/// 2000 refreshes a second, spread over all users: parse, transaction, digest, binding, answer, and the end of the transactions of before.
void registrar_refresh(benchmark::State& state) {
  RegistrarWorld exchange;
  constexpr int kBatch = 2'000;
  std::vector<std::string> messages(kBatch);
  int next = 0;
  std::size_t sent = 0;
  for (auto _ : state) {
    if (sent % kBatch == 0) {
      state.PauseTiming();
      ++exchange.cseq;
      for (std::string& text : messages) {
        text = exchange.authorized(next++ % kBindings, exchange.cseq);
      }
      state.ResumeTiming();
    }
    exchange.deliver(messages[sent++ % kBatch]);
    exchange.world.pass(500us);
  }
  if (exchange.accepted != sent || exchange.registrar.bindings() != kBindings) {
    state.SkipWithError("a refresh was refused");
  }
  state.counters["bytes_per_binding"] = exchange.bytes_per_binding;
}

class Quiet final : public sip::RegisterClient::Observer {
 public:
  void on_registered(sip::RegisterClient& /*client*/, std::chrono::seconds /*expires*/) override { ++registered; }
  void on_registration_failed(sip::RegisterClient& /*client*/, int /*status*/, std::string_view /*reason*/) override {}
  void on_unregistered(sip::RegisterClient& /*client*/) override {}

  int registered = 0;
};

/// A registrar that challenges, then grants; it remembers nobody, so that what is weighed is the phones.
void answer(World& world, const std::pair<sip::Flow, std::string>& sent) {
  sip::Message request;
  if (!request.parse(sent.second)) {
    return;
  }
  const bool authorized = request.has(sip::Header::Authorization);
  std::string text;
  sip::Writer writer(text);
  writer.response(authorized ? 200 : 401);
  for (const sip::Header header : {sip::Header::Via, sip::Header::From, sip::Header::To, sip::Header::CallId, sip::Header::CSeq}) {
    writer.header(header, *request.header(header));
  }
  if (authorized) {
    writer.header(sip::Header::Contact, *request.header(sip::Header::Contact));
  } else {
    writer.header(sip::Header::WwwAuthenticate,
                  "Digest realm=\"callwright\", nonce=\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\", qop=\"auth\"");
  }
  writer.end();
  world.agent.transport_user().on_message(sent.first, text);
}

void register_clients_idle(benchmark::State& state) {
  for (auto _ : state) {
    World world;
    world.wire.keep = true;
    Quiet quiet;
    std::vector<std::unique_ptr<sip::RegisterClient>> clients;
    malloc_trim(0);
    const auto before = mallinfo2().uordblks;
    for (int number = 0; number < kPhones; ++number) {
      const std::string user = user_name(number);
      clients.push_back(std::make_unique<sip::RegisterClient>(world.agent,
                                                              sip::RegisterClient::Options{.address_of_record = "sip:" + user + "@exchange.example.com",
                                                                                           .registrar = "sip:192.0.2.1:5060",
                                                                                           .contact_user = user,
                                                                                           .credentials = {user, "secret of " + user},
                                                                                           .expires = 3600s},
                                                              quiet));
      clients.back()->start();
      for (; !world.wire.sent.empty(); world.wire.sent.pop_front()) {
        answer(world, world.wire.sent.front());
      }
      world.pass(100us);
    }
    world.pass(60s);
    malloc_trim(0);
    if (quiet.registered != kPhones || world.agent.transactions().client_transactions() != 0) {
      state.SkipWithError("not all phones are registered");
    }
    state.counters["bytes_per_phone"] = static_cast<double>(mallinfo2().uordblks - before) / kPhones;
    state.counters["resident_mb"] = resident_mb();
  }
}
// First, while the process is small.
BENCHMARK(register_clients_idle)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(registrar_refresh);

}  // namespace
}  // namespace callwright
