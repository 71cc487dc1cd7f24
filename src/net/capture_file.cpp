#include "net/capture_file.hpp"

#include "base/log.hpp"

#include <pcap/pcap.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace callwright::net {
namespace {

constexpr base::Duration kPassOnDelay = std::chrono::milliseconds(100);
constexpr std::size_t kMaxWaitingBytes = 64 * 1024 * 1024;
constexpr int kMaxPacket = 128 * 1024;

struct PcapCloser {
  void operator()(pcap_t* pcap) const noexcept { pcap_close(pcap); }
  void operator()(pcap_dumper_t* dumper) const noexcept { pcap_dump_close(dumper); }
};

}  // namespace

/// The file itself: used on the thread of the files, but for `waiting_bytes`.
class CaptureFile::Dump {
 public:
  base::Result<void> blocking_open(const std::filesystem::path& path) {
    pcap_.reset(pcap_open_dead_with_tstamp_precision(DLT_RAW, kMaxPacket, PCAP_TSTAMP_PRECISION_NANO));
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) {
      return base::Error{std::error_code(errno, std::system_category()), "The capture " + path.string() + " cannot be written: " + std::strerror(errno) + "."};
    }
    dumper_.reset(pcap_dump_fopen(pcap_.get(), file));
    if (dumper_ == nullptr) {
      std::fclose(file);
      return base::Error{base::Errc::InvalidArgument, "The capture " + path.string() + " cannot be begun: " + pcap_geterr(pcap_.get()) + "."};
    }
    pcap_dump_flush(dumper_.get());
    return base::ok();
  }

  void blocking_write(const std::vector<Packet>& packets, std::size_t bytes) {
    for (const Packet& packet : packets) {
      const auto since_epoch = packet.time.time_since_epoch();
      const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
      pcap_pkthdr header{};
      header.ts.tv_sec = seconds.count();
      header.ts.tv_usec = (since_epoch - seconds).count();  // Nanoseconds, as the file was opened for.
      header.caplen = header.len = static_cast<bpf_u_int32>(packet.bytes.size());
      pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header, reinterpret_cast<const u_char*>(packet.bytes.data()));
    }
    if (pcap_dump_flush(dumper_.get()) != 0 && !std::exchange(failed_, true)) {
      base::log::error("The capture file cannot be written; free some disk space and start again", {{"reason", std::strerror(errno)}});
    }
    waiting_bytes -= bytes;
  }

  std::atomic<std::size_t> waiting_bytes{0};  ///< Passed on and not written yet.

 private:
  std::unique_ptr<pcap_t, PcapCloser> pcap_;
  std::unique_ptr<pcap_dumper_t, PcapCloser> dumper_;
  bool failed_ = false;
};

base::Result<std::unique_ptr<CaptureFile>> CaptureFile::blocking_create(EngineLoop& engine, EngineLoop& files, const std::filesystem::path& path,
                                                                        SecureTransports secure) {
  auto dump = std::make_shared<Dump>();
  if (const auto opened = dump->blocking_open(path); !opened) {
    return opened.error();
  }
  return std::unique_ptr<CaptureFile>(new CaptureFile(engine, files, secure, std::move(dump)));
}

CaptureFile::CaptureFile(EngineLoop& engine, EngineLoop& files, SecureTransports secure, std::shared_ptr<Dump> dump)
    : files_(files), secure_(secure), dump_(std::move(dump)), pass_on_(engine.timers(), base::Callback::to<&CaptureFile::pass_on>(*this)) {}

CaptureFile::~CaptureFile() { pass_on(); }

void CaptureFile::write(base::WallTime time, sip::TraceSink::Direction direction, const sip::Flow& flow, std::string_view message) {
  if (sip::is_secure(flow.transport) && secure_ == SecureTransports::Leave) {
    return;
  }
  if (has_room()) {
    const bool sent = direction == sip::TraceSink::Direction::Sent;
    gather(time, packets_.make(flow.transport, sent ? flow.local : flow.remote, sent ? flow.remote : flow.local, message));
  }
}

void CaptureFile::write(base::WallTime time, const base::SocketAddress& from, const base::SocketAddress& to, std::string_view datagram) {
  if (has_room()) {
    gather(time, packets_.make(sip::Transport::Udp, from, to, datagram));
  }
}

bool CaptureFile::has_room() {
  const bool room = dump_->waiting_bytes + gathered_bytes_ <= kMaxWaitingBytes;
  if (!room && !dropping_) {
    base::log::warn("The disk is too slow for the capture file; packets are left out of it", {});
  }
  dropping_ = !room;
  return room;
}

void CaptureFile::gather(base::WallTime time, std::vector<std::string> packets) {
  for (std::string& packet : packets) {
    gathered_bytes_ += packet.size();
    gathered_.push_back({time, std::move(packet)});
  }
  if (!pass_on_.pending()) {
    pass_on_.start(kPassOnDelay);
  }
}

void CaptureFile::pass_on() {
  const std::size_t bytes = std::exchange(gathered_bytes_, 0);
  if (gathered_.empty()) {
    return;
  }
  dump_->waiting_bytes += bytes;
  std::stable_sort(gathered_.begin(), gathered_.end(), [](const Packet& left, const Packet& right) { return left.time < right.time; });
  if (!files_.post([dump = dump_, packets = std::exchange(gathered_, {}), bytes] { dump->blocking_write(packets, bytes); })) {
    dump_->waiting_bytes -= bytes;
  }
}

}  // namespace callwright::net
