// Two-way calls for the media benchmarks: each has two phones that send a packet every 20 ms through whatever is measured, and take what comes.
//   rtp_load CALLS SECONDS pcmu|opus|none    opus: the first phone of each call sends Opus; none: they only listen
// Prints a line "PORT PORT" for each call, reads a line "PORT PORT" for each, where its phones send to, runs, and prints one line of JSON. Times of arrival
// are the kernel's, so that it does not matter when this program gets to look. `pace_…`: how far a packet was from its place in the pace of its stream, a
// packet each 20 ms; `step_…`: how far it was from 20 ms after the one before; `machine_…`: how late a thread of its own is woken.
#include "audio/codec.hpp"
#include "rtp/packet.hpp"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace callwright;
using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPacket{20};

struct Phone {
  int socket = -1;
  sockaddr_in to{};
  rtp::Packet packet;
  Clock::time_point due;
  struct Arrival {
    std::uint16_t sequence;
    double us;
  };
  std::vector<Arrival> arrivals;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// 20 ms of a tone; the same payload is sent again and again, which costs a decoder as much as any other.
rtp::Buffer payload_of(const audio::Codec& codec) {
  const auto encoder = audio::make_encoder(codec).value();
  std::vector<audio::Sample> samples(audio::samples_in(kPacket, encoder->rate()));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<audio::Sample>(8000 * std::sin(static_cast<double>(i) * 0.1));
  }
  rtp::Buffer payload(encoder->max_bytes(samples.size()));
  payload.resize(encoder->encode(samples, payload));
  return payload;
}

class Load {
 public:
  Load(std::size_t calls, const std::string& sound) : phones_(calls * 2), sends_(sound != "none") {
    const bool opus = sound == "opus";
    for (std::size_t i = 0; i < phones_.size(); ++i) {
      Phone& phone = phones_[i];
      phone.socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
      sockaddr_in address = loopback(0);
      socklen_t length = sizeof address;
      if (::bind(phone.socket, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
          ::getsockname(phone.socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        std::perror("rtp_load: bind");
        std::exit(1);
      }
      const bool is_opus = opus && i % 2 == 0;
      phone.packet.payload_type = rtp::PayloadType{static_cast<std::uint8_t>(is_opus ? 111 : 0)};
      phone.packet.ssrc = rtp::Ssrc{static_cast<std::uint32_t>(i + 1)};
      phone.packet.payload = is_opus ? opus_ : pcmu_;
      const int on = 1;
      ::setsockopt(phone.socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
      epoll_event event{EPOLLIN, {.u64 = i}};
      ::epoll_ctl(poll_, EPOLL_CTL_ADD, phone.socket, &event);
      std::printf("%u%c", ntohs(address.sin_port), i % 2 == 0 ? ' ' : '\n');
    }
    std::fflush(stdout);
    for (Phone& phone : phones_) {
      unsigned port = 0;
      if (std::scanf("%u", &port) != 1) {
        std::exit(1);
      }
      phone.to = loopback(static_cast<std::uint16_t>(port));
    }
  }

  void run(std::chrono::seconds duration) {
    const auto begin = Clock::now();
    for (std::size_t i = 0; i < phones_.size(); ++i) {
      phones_[i].due = begin + std::chrono::nanoseconds(kPacket) * i / phones_.size();
    }
    const auto last_arrivals = begin + duration + std::chrono::milliseconds(300);
    std::thread machine([this, begin, last_arrivals] { watch_machine(begin, last_arrivals); });
    while (Clock::now() < last_arrivals) {
      for (Phone& phone : phones_) {
        if (sends_ && phone.due <= Clock::now() && phone.due < begin + duration) {
          send(phone);
        }
      }
      receive();
    }
    machine.join();
  }

  void print() {
    std::vector<double> pace;
    std::vector<double> steps;
    std::size_t received = 0;
    for (const Phone& phone : phones_) {
      received += phone.arrivals.size();
      add_errors(phone, pace, steps);
    }
    std::printf("{\"sent\": %zu, \"received\": %zu", sent_, received);
    print_percentiles("pace", pace);
    print_percentiles("step", steps);
    print_percentiles("machine", machine_);
    std::printf("}\n");
  }

 private:
  /// How late a thread is that only sleeps until the next packet would be due: nobody who sends packets can be nearer to the pace than that.
  void watch_machine(Clock::time_point begin, Clock::time_point end) {
    (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), -10);
    for (auto due = begin; due < end; due += kPacket / 10) {
      const auto since_epoch = std::chrono::nanoseconds(due.time_since_epoch()).count();
      const timespec until{since_epoch / 1'000'000'000, since_epoch % 1'000'000'000};
      (void)::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
      machine_.push_back(std::chrono::duration<double, std::micro>(Clock::now() - due).count());
    }
  }

  void send(Phone& phone) {
    datagram_.clear();
    phone.packet.write(datagram_);
    ++phone.packet.sequence;
    phone.packet.timestamp =
        rtp::Timestamp{static_cast<std::uint32_t>(phone.packet.timestamp) + (phone.packet.payload_type == rtp::PayloadType{111} ? 960U : 160U)};
    phone.due += kPacket;
    sent_ += ::sendto(phone.socket, datagram_.data(), datagram_.size(), 0, reinterpret_cast<const sockaddr*>(&phone.to), sizeof phone.to) > 0 ? 1U : 0U;
  }

  void receive() {
    epoll_event events[256];
    const int count = ::epoll_wait(poll_, events, 256, 1);
    for (int i = 0; i < count; ++i) {
      Phone& phone = phones_[events[i].data.u64];
      while (receive_one(phone)) {
      }
    }
  }

  bool receive_one(Phone& phone) {
    iovec part{room_, sizeof room_};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t length = ::recvmsg(phone.socket, &header, 0);
    if (length <= 0) {
      return false;
    }
    const cmsghdr* const stamp = CMSG_FIRSTHDR(&header);
    const auto packet = rtp::Packet::parse({room_, static_cast<std::size_t>(length)});
    if (stamp == nullptr || !packet || rtp::is_rtcp(room_)) {
      return true;  // Reports may come to the port beside their own.
    }
    timespec time;
    std::memcpy(&time, CMSG_DATA(stamp), sizeof time);
    phone.arrivals.push_back({packet->sequence, static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3});
    return true;
  }

  static void add_errors(const Phone& phone, std::vector<double>& pace, std::vector<double>& steps) {
    constexpr double kPacketUs = 20'000;
    std::vector<double> starts;
    for (std::size_t i = 0; i < phone.arrivals.size(); ++i) {
      const auto number = static_cast<std::uint16_t>(phone.arrivals[i].sequence - phone.arrivals[0].sequence);
      starts.push_back(phone.arrivals[i].us - number * kPacketUs);
      if (i > 0) {
        steps.push_back(std::abs(phone.arrivals[i].us - phone.arrivals[i - 1].us - kPacketUs));
      }
    }
    if (starts.empty()) {
      return;
    }
    std::vector<double> sorted = starts;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    for (const double start : starts) {
      pace.push_back(std::abs(start - *middle));
    }
  }

  static void print_percentiles(const char* name, std::vector<double>& errors) {
    std::sort(errors.begin(), errors.end());
    for (const auto& [part, text] : {std::pair{0.5, "p50"}, std::pair{0.95, "p95"}, std::pair{0.99, "p99"}, std::pair{0.999, "p999"}}) {
      const double value = errors.empty() ? 0.0 : errors[static_cast<std::size_t>(part * static_cast<double>(errors.size() - 1))];
      std::printf(", \"%s_%s_us\": %.0f", name, text, value);
    }
  }

  const rtp::Buffer pcmu_ = payload_of(*audio::find_codec("PCMU", 8000));
  const rtp::Buffer opus_ = payload_of(*audio::find_codec("opus", 48000, 2));
  const int poll_ = ::epoll_create1(0);
  std::vector<Phone> phones_;
  rtp::Buffer datagram_;
  std::uint8_t room_[2048];
  std::vector<double> machine_;
  bool sends_;
  std::size_t sent_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fputs("rtp_load CALLS SECONDS pcmu|opus|none\n", stderr);
    return 2;
  }
  Load load(std::strtoul(arguments[1], nullptr, 10), arguments[3]);
  load.run(std::chrono::seconds(std::strtol(arguments[2], nullptr, 10)));
  load.print();
}
