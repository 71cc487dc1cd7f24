// Two-way calls for the media benchmarks: each has two phones that send a packet every 20 ms through whatever is measured, and take what comes.
//   rtp_load CALLS SECONDS pcmu|opus    opus: the first phone of each call sends Opus
// Prints a line "PORT PORT" for each call, reads a line "PORT PORT" for each, where its phones send to, runs, and prints one line of JSON.
#include "audio/codec.hpp"
#include "rtp/packet.hpp"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
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
  Clock::time_point last_arrival{};
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
  Load(std::size_t calls, bool opus) : phones_(calls * 2) {
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
    while (Clock::now() < last_arrivals) {
      for (Phone& phone : phones_) {
        if (phone.due <= Clock::now() && phone.due < begin + duration) {
          send(phone);
        }
      }
      receive();
    }
  }

  void print() {
    std::sort(errors_us_.begin(), errors_us_.end());
    const auto percentile = [this](double part) {
      return errors_us_.empty() ? 0.0 : errors_us_[static_cast<std::size_t>(part * static_cast<double>(errors_us_.size() - 1))];
    };
    std::printf("{\"sent\": %zu, \"received\": %zu, \"p50_us\": %.0f, \"p95_us\": %.0f, \"p99_us\": %.0f, \"p999_us\": %.0f}\n", sent_, received_,
                percentile(0.5), percentile(0.95), percentile(0.99), percentile(0.999));
  }

 private:
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
      while (::recv(phone.socket, room_, sizeof room_, 0) > 0) {
        const auto now = Clock::now();
        if (rtp::is_rtcp(room_)) {
          continue;  // Reports may come to the port beside their own.
        }
        ++received_;
        if (phone.last_arrival != Clock::time_point{}) {
          errors_us_.push_back(std::abs(std::chrono::duration<double, std::micro>(now - phone.last_arrival - kPacket).count()));
        }
        phone.last_arrival = now;
      }
    }
  }

  const rtp::Buffer pcmu_ = payload_of(*audio::find_codec("PCMU", 8000));
  const rtp::Buffer opus_ = payload_of(*audio::find_codec("opus", 48000, 2));
  const int poll_ = ::epoll_create1(0);
  std::vector<Phone> phones_;
  rtp::Buffer datagram_;
  std::uint8_t room_[2048];
  std::vector<double> errors_us_;
  std::size_t sent_ = 0;
  std::size_t received_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fputs("rtp_load CALLS SECONDS pcmu|opus\n", stderr);
    return 2;
  }
  Load load(std::strtoul(arguments[1], nullptr, 10), std::string(arguments[3]) == "opus");
  load.run(std::chrono::seconds(std::strtol(arguments[2], nullptr, 10)));
  load.print();
}
