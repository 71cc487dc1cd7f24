#include "net/dns_resolver.hpp"

#include "base/log.hpp"
#include "net/endpoint.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <ares.h>
#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace callwright::net {
namespace {

constexpr std::size_t kMaxHostLength = 253;

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
    case ARES_ENOTFOUND:
    case ARES_ENODATA: return {base::Errc::NotFound, "The host name " + name + " does not exist. Check its spelling."};
    case ARES_ETIMEOUT: return {base::Errc::TimedOut, "No name server answered for " + name + " in time. Check the machine's name servers."};
    default: return {base::Errc::Unreachable, "The host name " + name + " could not be looked up: " + ares_strerror(status) + "."};
  }
}

base::IpAddress address_of(const ares_addrinfo_node& node) {
  if (node.ai_family == AF_INET6) {
    sockaddr_in6 six;
    std::memcpy(&six, node.ai_addr, sizeof six);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
    return base::IpAddress::v6(bytes);
  }
  sockaddr_in four;
  std::memcpy(&four, node.ai_addr, sizeof four);
  std::array<std::uint8_t, 4> bytes{};
  std::memcpy(bytes.data(), &four.sin_addr, bytes.size());
  return base::IpAddress::v4(bytes);
}

struct Answer {
  std::vector<base::IpAddress> addresses;  ///< IPv4 first.
  int ttl_s = 0;                           ///< The shortest.
};

Answer read_answer(const ares_addrinfo& info) {
  Answer answer;
  for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family != AF_INET && node->ai_family != AF_INET6) {
      continue;
    }
    answer.ttl_s = answer.addresses.empty() ? node->ai_ttl : std::min(answer.ttl_s, node->ai_ttl);
    if (const auto address = address_of(*node); std::find(answer.addresses.begin(), answer.addresses.end(), address) == answer.addresses.end()) {
      answer.addresses.push_back(address);
    }
  }
  std::stable_partition(answer.addresses.begin(), answer.addresses.end(), [](const base::IpAddress& address) { return address.is_v4(); });
  return answer;
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
class DnsResolver::Channel final : private WatchedSocket::Owner {
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

  ~Channel() {
    closing_ = true;
    ares_destroy(channel_);
    for (const auto& [socket, watched] : sockets_) {
      watched->release();
    }
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void resolve(const std::string& name, Handler handler) {
    if (const auto cached = cache_.find(name); cached != cache_.end() && cached->second.expires > loop_.clock().now()) {
      const std::vector<base::IpAddress> addresses = cached->second.addresses;
      handler(addresses);
      return;
    }
    if (const auto under_way = waiting_.find(name); under_way != waiting_.end()) {
      under_way->second.push_back(std::move(handler));
      return;
    }
    if (waiting_.size() >= options_.max_queries) {
      handler(base::Error(base::Errc::LimitReached, "Too many host names are being looked up; try again later."));
      return;
    }
    waiting_[name].push_back(std::move(handler));
    ask(name);
    arm_timer();
  }

 private:
  struct Cached {
    std::vector<base::IpAddress> addresses;
    base::TimePoint expires;
  };
  struct Query {
    Channel& channel;
    std::string name;
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

  void ask(const std::string& name) {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_flags = ARES_AI_NOSORT;
    auto query = std::make_unique<Query>(Query{*this, name});
    ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &Channel::on_answer, query.release());
  }

  static void on_answer(void* argument, int status, int, ares_addrinfo* info) noexcept {
    const std::unique_ptr<Query> query(static_cast<Query*>(argument));
    const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(info, &ares_freeaddrinfo);
    try {
      query->channel.finish(query->name, status, info);
    } catch (const std::exception& exception) {
      base::log::error("A handler of a host name's addresses failed by an exception, please report this", {{"what", exception.what()}});
    }
  }

  void finish(const std::string& name, int status, const ares_addrinfo* info) {
    auto entry = waiting_.extract(name);
    if (closing_ || entry.empty()) {
      return;
    }
    Answer answer;
    if (status == ARES_SUCCESS && info != nullptr) {
      answer = read_answer(*info);
    }
    if (answer.addresses.empty()) {
      const base::Error error = failure_of(name, status == ARES_SUCCESS ? ARES_ENODATA : status);
      for (const Handler& handler : entry.mapped()) {
        handler(error);
      }
      return;
    }
    remember(name, answer);
    for (const Handler& handler : entry.mapped()) {
      handler(answer.addresses);
    }
  }

  void remember(const std::string& name, const Answer& answer) {
    const base::Duration lifetime = std::min<base::Duration>(std::chrono::seconds(answer.ttl_s), options_.max_cache_time);
    if (lifetime <= base::Duration::zero()) {
      return;
    }
    if (cache_.size() >= options_.max_cached) {
      cache_.clear();
    }
    cache_[name] = {answer.addresses, loop_.clock().now() + lifetime};
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
  std::unordered_map<std::string, std::vector<Handler>> waiting_;
  std::unordered_map<std::string, Cached> cache_;
};

DnsResolver::DnsResolver(EngineLoop& loop) : DnsResolver(loop, Options{}) {}

DnsResolver::DnsResolver(EngineLoop& loop, Options options) : channel_(std::make_unique<Channel>(loop, std::move(options))) {}

DnsResolver::~DnsResolver() = default;

void DnsResolver::resolve(const std::string& host, Handler handler) {
  if (const auto address = base::IpAddress::parse(host)) {
    handler(std::vector{*address});
    return;
  }
  const std::string name = normalised(host);
  if (is_localhost(name)) {
    std::array<std::uint8_t, 16> loopback{};
    loopback.back() = 1;
    handler(std::vector{base::IpAddress::v4({127, 0, 0, 1}), base::IpAddress::v6(loopback)});
    return;
  }
  if (!is_host_name(name)) {
    handler(base::Error(base::Errc::InvalidArgument, "\"" + host.substr(0, kMaxHostLength) + "\" is not a host name."));
    return;
  }
  channel_->resolve(name, std::move(handler));
}

}  // namespace callwright::net
