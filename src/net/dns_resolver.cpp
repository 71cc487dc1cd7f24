#include "net/dns_resolver.hpp"

#include "base/log.hpp"
#include "net/dns_reply.hpp"
#include "net/endpoint.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <ares.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace callwright::net {
namespace {

constexpr std::size_t kMaxHostLength = 253;
/// Where no server says how long a name will go without records.
constexpr std::chrono::seconds kNegativeLifetime{30};

/// Once for the process, as c-ares demands; before the first channel.
void initialise_library() {
  static const int kStatus = ares_library_init(ARES_LIB_INIT_ALL);
  if (kStatus != ARES_SUCCESS) {
    throw std::runtime_error(std::string("The resolver library cannot be set up: ") + ares_strerror(kStatus));
  }
}

bool is_localhost(const std::string& name) { return name == "localhost" || name.ends_with(".localhost"); }

/// Lower case, without the dot of the root.
std::string normalised(std::string_view host) {
  std::string name(host);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char character) { return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character; });
  if (name.ends_with('.')) {
    name.pop_back();
  }
  return name;
}

bool is_host_name(const std::string& name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-._";
  return !name.empty() && name.size() <= kMaxHostLength && name.find_first_not_of(kAllowed) == std::string::npos;
}

base::Error failure_of(const std::string& name, int status) {
  switch (status) {
    case ARES_ETIMEOUT: return {base::Errc::TimedOut, "No name server answered for " + name + " in time. Check the machine's name servers."};
    default: return {base::Errc::Unreachable, "The name " + name + " could not be looked up: " + ares_strerror(status) + "."};
  }
}

/// A socket of c-ares that the loop watches. c-ares opens and closes it; `release` lets go of it before that.
class WatchedSocket : public std::enable_shared_from_this<WatchedSocket> {
 public:
  class Owner {
   public:
    virtual void on_ready(ares_socket_t readable, ares_socket_t writable) = 0;

   protected:
    ~Owner() = default;
  };

  WatchedSocket(EngineLoop& loop, ares_socket_t socket, Owner& owner) : loop_(loop), socket_(socket), owner_(&owner), descriptor_(loop.context(), socket) {}

  void watch(bool readable, bool writable) {
    want_read_ = readable;
    want_write_ = writable;
    if (want_read_ && !reading_) {
      wait(Descriptor::wait_read);
    }
    if (want_write_ && !writing_) {
      wait(Descriptor::wait_write);
    }
  }

  void release() {
    owner_ = nullptr;
    descriptor_.release();
  }

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;

  void wait(Descriptor::wait_type type) {
    (type == Descriptor::wait_read ? reading_ : writing_) = true;
    descriptor_.async_wait(type, [self = shared_from_this(), type](const boost::system::error_code& failure) { self->on_wait(type, failure); });
  }

  void on_wait(Descriptor::wait_type type, const boost::system::error_code& failure) {
    (type == Descriptor::wait_read ? reading_ : writing_) = false;
    if (failure || owner_ == nullptr) {
      return;
    }
    loop_.handler_started();
    const bool readable = type == Descriptor::wait_read;
    owner_->on_ready(readable ? socket_ : ARES_SOCKET_BAD, readable ? ARES_SOCKET_BAD : socket_);
    if (owner_ != nullptr) {
      watch(want_read_, want_write_);
    }
  }

  EngineLoop& loop_;
  const ares_socket_t socket_;
  Owner* owner_;
  Descriptor descriptor_;
  bool want_read_ = false;
  bool want_write_ = false;
  bool reading_ = false;
  bool writing_ = false;
};

}  // namespace

/// The only owner of c-ares state. Its callbacks arrive inside ares_process_fd, ares_getaddrinfo and ares_destroy.
class DnsResolver::Channel final : public sip::DnsPort, private WatchedSocket::Owner {
 public:
  Channel(EngineLoop& loop, Options options) : loop_(loop), options_(std::move(options)), timer_(loop.timers(), base::Callback::to<&Channel::on_timer>(*this)) {
    initialise_library();
    ares_options settings{};
    settings.timeout = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(options_.first_timeout).count());
    settings.tries = options_.tries;
    settings.sock_state_cb = &Channel::on_socket_state;
    settings.sock_state_cb_data = this;
    char lookups[] = "fb";  // The hosts file, then name servers.
    settings.lookups = lookups;
    const int status = ares_init_options(&channel_, &settings, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS);
    if (status != ARES_SUCCESS) {
      throw std::runtime_error(std::string("The resolver cannot be set up: ") + ares_strerror(status));
    }
    use_servers();
  }

  ~Channel() override {
    closing_ = true;
    ares_destroy(channel_);
    for (const auto& [socket, watched] : sockets_) {
      watched->release();
    }
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void query(sip::DnsKind kind, const std::string& name, Answer answer) override {
    auto question = std::make_unique<Question>(Question{*this, kind, name, std::move(answer)});
    if (kind == sip::DnsKind::Addresses) {
      ares_addrinfo_hints hints{};
      hints.ai_family = AF_UNSPEC;
      hints.ai_flags = ARES_AI_NOSORT;
      ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &Channel::on_addresses, question.release());
    } else {
      ares_query(channel_, name.c_str(), kClassInternet, record_type(kind), &Channel::on_reply, question.release());
    }
    arm_timer();
  }

 private:
  static constexpr int kClassInternet = 1;

  struct Question {
    Channel& channel;
    sip::DnsKind kind;
    std::string name;
    Answer answer;
  };

  void use_servers() {
    std::string list;
    for (const base::SocketAddress& server : options_.servers) {
      list += (list.empty() ? "" : ",") + server.to_string();
    }
    if (!list.empty() && ares_set_servers_ports_csv(channel_, list.c_str()) != ARES_SUCCESS) {
      ares_destroy(channel_);
      throw std::runtime_error("The name servers " + list + " cannot be used.");
    }
  }

  static void on_addresses(void* argument, int status, int, ares_addrinfo* info) noexcept {
    const std::unique_ptr<Question> question(static_cast<Question*>(argument));
    const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(info, &ares_freeaddrinfo);
    finish(*question, status, info == nullptr ? sip::DnsRecords{} : read_addresses(*info));
  }

  static void on_reply(void* argument, int status, int, unsigned char* bytes, int size) noexcept {
    const std::unique_ptr<Question> question(static_cast<Question*>(argument));
    finish(*question, status, bytes == nullptr ? sip::DnsRecords{} : read_reply(question->kind, {bytes, static_cast<std::size_t>(size)}));
  }

  static void finish(const Question& question, int status, sip::DnsRecords records) noexcept {
    if (question.channel.closing_) {
      return;
    }
    try {
      if (status == ARES_SUCCESS) {
        question.answer(records);
      } else if (status == ARES_ENOTFOUND || status == ARES_ENODATA) {
        records = {.ttl = records.ttl.count() != 0 ? records.ttl : kNegativeLifetime};
        question.answer(records);
      } else {
        question.answer(failure_of(question.name, status));
      }
    } catch (const std::exception& exception) {
      base::log::error("A handler of a name's records failed by an exception, please report this", {{"what", exception.what()}});
    }
  }

  static void on_socket_state(void* argument, ares_socket_t socket, int readable, int writable) noexcept {
    static_cast<Channel*>(argument)->update_socket(socket, readable != 0, writable != 0);
  }

  void update_socket(ares_socket_t socket, bool readable, bool writable) {
    if (!readable && !writable) {
      if (const auto entry = sockets_.extract(socket)) {
        entry.mapped()->release();
      }
      return;
    }
    auto& watched = sockets_[socket];
    if (watched == nullptr) {
      watched = std::make_shared<WatchedSocket>(loop_, socket, static_cast<WatchedSocket::Owner&>(*this));
    }
    watched->watch(readable, writable);
  }

  void on_ready(ares_socket_t readable, ares_socket_t writable) override {
    ares_process_fd(channel_, readable, writable);
    arm_timer();
  }

  void on_timer() {
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm_timer();
  }

  void arm_timer() {
    timeval wait{};
    if (ares_timeout(channel_, nullptr, &wait) == nullptr) {
      timer_.cancel();
      return;
    }
    timer_.start(std::chrono::seconds(wait.tv_sec) + std::chrono::microseconds(wait.tv_usec) + std::chrono::milliseconds(1));
  }

  EngineLoop& loop_;
  const Options options_;
  ares_channel channel_ = nullptr;
  bool closing_ = false;
  base::Timer timer_;
  std::unordered_map<ares_socket_t, std::shared_ptr<WatchedSocket>> sockets_;
};

DnsResolver::DnsResolver(EngineLoop& loop) : DnsResolver(loop, Options{}) {}

DnsResolver::DnsResolver(EngineLoop& loop, Options options) {
  const sip::DnsCache::Limits limits{.remembered = options.max_cached,
                                     .under_way = options.max_queries,
                                     .longest = options.max_cache_time,
                                     .longest_negative = options.max_negative_cache_time};
  channel_ = std::make_unique<Channel>(loop, std::move(options));
  cache_ = std::make_unique<sip::DnsCache>(*channel_, loop.clock(), limits);
}

DnsResolver::~DnsResolver() = default;

void DnsResolver::resolve(const std::string& host, Handler handler) {
  query(sip::DnsKind::Addresses, host, [host, handler = std::move(handler)](const base::Result<sip::DnsRecords>& records) {
    if (!records) {
      handler(records.error());
    } else if (records->addresses.empty()) {
      handler(base::Error(base::Errc::NotFound, "The host name " + host + " does not exist. Check its spelling."));
    } else {
      handler(records->addresses);
    }
  });
}

void DnsResolver::query(sip::DnsKind kind, const std::string& name, Answer answer) {
  const bool addresses = kind == sip::DnsKind::Addresses;
  if (const auto address = base::IpAddress::parse(name); addresses && address) {
    answer(sip::DnsRecords{.addresses = {*address}});
    return;
  }
  const std::string wanted = normalised(name);
  if (!is_host_name(wanted)) {
    answer(base::Error(base::Errc::InvalidArgument, "\"" + name.substr(0, kMaxHostLength) + "\" is not a host name."));
    return;
  }
  if (is_localhost(wanted)) {
    std::array<std::uint8_t, 16> loopback{};
    loopback.back() = 1;
    answer(addresses ? sip::DnsRecords{.addresses = {base::IpAddress::v4({127, 0, 0, 1}), base::IpAddress::v6(loopback)}} : sip::DnsRecords{});
    return;
  }
  cache_->query(kind, wanted, std::move(answer));
}

}  // namespace callwright::net
