#include "net/opensips_link.hpp"

#include "base/log.hpp"
#include "net/endpoint.hpp"
#include "net/opensips_http.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/datagram_protocol.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <utility>

namespace callwright::net {

using boost::asio::ip::udp;
using boost::asio::local::datagram_protocol;
using boost::system::error_code;

namespace {

constexpr std::size_t kMaxDatagram = 65'536;
constexpr std::size_t kMaxWaiting = 1'000;
/// Nothing tells when a Unix socket of another process has room again.
constexpr base::Duration kAgain = std::chrono::milliseconds(2);
/// The proxy runs as another user of a group in common.
constexpr mode_t kSocketMode = 0660;

base::Error socket_error(std::string_view what, const std::string& where, const error_code& failure) {
  return {failure, std::string(what) + " " + where + " failed: " + failure.message() + "; set opensips." +
                       (what == "Listening for events of OpenSIPS at" ? "events" : "mi_reply") + " to an address that is free and permitted."};
}

// Answers come from where the requests go. Events come from any process of the proxy, which have ports of their own.
bool is_same(const udp::endpoint& from, const udp::endpoint& remote) { return from == remote; }
/// Of a path in the file system: OpenSIPS sends from a socket without a name, and who else may send says the mode of ours.
bool is_any(const datagram_protocol::endpoint& /*from*/, const datagram_protocol::endpoint& /*remote*/) { return true; }
bool is_host(const udp::endpoint& from, const udp::endpoint& remote) { return from.address() == remote.address(); }
bool is_loopback(const udp::endpoint& from, const udp::endpoint& /*remote*/) { return from.address().is_loopback(); }

}  // namespace

class OpenSipsLink::Sender {
 public:
  virtual ~Sender() = default;
  virtual void send(std::string_view bytes) = 0;
  virtual void close() = 0;
};

/// One bound socket. Lives in a shared_ptr: a pending wait keeps it until it is closed.
template <class Protocol>
class OpenSipsLink::Datagrams final : public Sender, public std::enable_shared_from_this<Datagrams<Protocol>> {
 public:
  using Endpoint = typename Protocol::endpoint;

  using Filter = bool (*)(const Endpoint& from, const Endpoint& remote);

  /// Sends to `remote`; takes what comes from a peer that the filter lets pass.
  Datagrams(EngineLoop& loop, std::weak_ptr<const Receiver> receiver, Endpoint remote, Filter filter)
      : loop_(loop),
        receiver_(std::move(receiver)),
        socket_(loop.context()),
        remote_(std::move(remote)),
        filter_(filter),
        again_(loop.timers(), base::Callback::to<&Datagrams::on_again>(*this)) {}

  error_code open(const Endpoint& local) {
    error_code failure;
    socket_.open(local.protocol(), failure);
    if (!failure) {
      socket_.bind(local, failure);
    }
    if (!failure) {
      socket_.non_blocking(true, failure);
    }
    if (!failure) {
      wait();
    }
    return failure;
  }

  [[nodiscard]] Endpoint local() {
    error_code ignored;
    return socket_.local_endpoint(ignored);
  }

  void send(std::string_view bytes) override {
    if (!waiting_.empty() || !transmit(bytes)) {
      waiting_.emplace_back(bytes);
    }
    if (waiting_.size() > kMaxWaiting) {
      base::log::warn("OpenSIPS does not read its requests; one is dropped", {{"waiting", waiting_.size()}});
      waiting_.pop_front();
    }
    if (!waiting_.empty() && !again_.pending()) {
      again_.start(kAgain);
    }
  }

  void close() override {
    again_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  /// False when there is no room: a Unix socket takes ten datagrams before they are read.
  bool transmit(std::string_view bytes) {
    error_code failure;
    socket_.send_to(boost::asio::buffer(bytes.data(), bytes.size()), remote_, 0, failure);
    if (failure == boost::asio::error::would_block || failure == boost::asio::error::try_again) {
      return false;
    }
    if (failure) {
      // As if it were lost on the way: what may be repeated is, and all has its deadline.
      base::log::debug("a request to OpenSIPS was not sent", {{"reason", failure.message()}});
    }
    return true;
  }

  void on_again() {
    while (!waiting_.empty() && transmit(waiting_.front())) {
      waiting_.pop_front();
    }
    if (!waiting_.empty()) {
      again_.start(kAgain);
    }
  }

  void wait() {
    socket_.async_receive_from(boost::asio::buffer(buffer_), from_, [self = this->shared_from_this()](const error_code& failure, std::size_t size) {
      if (failure != boost::asio::error::operation_aborted) {
        self->on_received(failure, size);
      }
    });
  }

  void on_received(const error_code& failure, std::size_t size) {
    loop_.handler_started();
    const auto receiver = receiver_.lock();
    if (receiver == nullptr || !socket_.is_open()) {
      return;
    }
    if (!failure && filter_(from_, remote_)) {
      (*receiver)({buffer_.data(), size});
    }
    wait();  // Also after an error: an ICMP message says that the proxy is away.
  }

  EngineLoop& loop_;
  const std::weak_ptr<const Receiver> receiver_;
  typename Protocol::socket socket_;
  const Endpoint remote_;
  const Filter filter_;
  std::deque<std::string> waiting_;  ///< For room in the socket.
  base::Timer again_;
  Endpoint from_;
  std::array<char, kMaxDatagram> buffer_{};
};

class OpenSipsLink::HttpSender final : public Sender {
 public:
  HttpSender(EngineLoop& loop, std::weak_ptr<const Receiver> receiver, const OpenSipsAddress& to)
      : requests_(std::make_shared<OpenSipsHttp>(loop, to.address, to.path, [receiver = std::move(receiver)](std::string_view body) {
          if (const auto open = receiver.lock()) {
            (*open)(body);
          }
        })) {}
  void send(std::string_view bytes) override { requests_->post(bytes); }
  void close() override { requests_->close(); }

 private:
  std::shared_ptr<OpenSipsHttp> requests_;
};

OpenSipsLink::OpenSipsLink(EngineLoop& loop, Options options) : loop_(loop), options_(std::move(options)) {}

OpenSipsLink::~OpenSipsLink() {
  receiver_.reset();
  for (const auto& socket : {requests_, events_}) {
    if (socket != nullptr) {
      socket->close();
    }
  }
}

base::Result<std::string> OpenSipsLink::open(Receiver receiver) {
  receiver_ = std::make_shared<const Receiver>(std::move(receiver));
  if (const auto opened = open_requests(); !opened) {
    return opened.error();
  }
  return open_events();
}

void OpenSipsLink::send(std::string_view request) {
  if (requests_ != nullptr) {
    requests_->send(request);
  }
}

base::Result<void> OpenSipsLink::open_requests() {
  const OpenSipsAddress& mi = options_.mi;
  if (mi.kind == OpenSipsAddress::Kind::Http) {
    requests_ = std::make_shared<HttpSender>(loop_, receiver_, mi);
    return base::ok();
  }
  if (mi.kind == OpenSipsAddress::Kind::Udp) {
    const auto remote = to_endpoint<udp>(mi.address);
    auto socket = std::make_shared<Datagrams<udp>>(loop_, receiver_, remote, is_same);
    if (const auto failure = socket->open(udp::endpoint(remote.protocol(), 0))) {
      return socket_error("A socket towards", mi.to_string(), failure);
    }
    requests_ = std::move(socket);
    return base::ok();
  }
  const std::string path = options_.reply_path.empty() ? mi.path + ".reply" : options_.reply_path;
  // What an earlier run has left; two that run at once must not share the address.
  ::unlink(path.c_str());
  auto socket = std::make_shared<Datagrams<datagram_protocol>>(loop_, receiver_, datagram_protocol::endpoint(mi.path), is_any);
  if (const auto failure = socket->open(datagram_protocol::endpoint(path))) {
    return socket_error("A socket for answers at", path, failure);
  }
  ::chmod(path.c_str(), kSocketMode);
  requests_ = std::move(socket);
  return base::ok();
}

base::Result<std::string> OpenSipsLink::open_events() {
  constexpr std::string_view kWhat = "Listening for events of OpenSIPS at";
  OpenSipsAddress bound = options_.events;
  if (bound.kind == OpenSipsAddress::Kind::Unix) {
    ::unlink(bound.path.c_str());
    auto socket = std::make_shared<Datagrams<datagram_protocol>>(loop_, receiver_, datagram_protocol::endpoint(), is_any);
    if (const auto failure = socket->open(datagram_protocol::endpoint(bound.path))) {
      return socket_error(kWhat, bound.path, failure);
    }
    ::chmod(bound.path.c_str(), kSocketMode);
    events_ = std::move(socket);
    return bound.to_string();
  }
  const bool is_near = options_.mi.kind == OpenSipsAddress::Kind::Unix;
  auto socket =
      std::make_shared<Datagrams<udp>>(loop_, receiver_, is_near ? udp::endpoint() : to_endpoint<udp>(options_.mi.address), is_near ? is_loopback : is_host);
  if (const auto failure = socket->open(to_endpoint<udp>(bound.address))) {
    return socket_error(kWhat, bound.to_string(), failure);
  }
  bound.address = from_endpoint(socket->local());
  events_ = std::move(socket);
  return bound.to_string();
}

}  // namespace callwright::net
