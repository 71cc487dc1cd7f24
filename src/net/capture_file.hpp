#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/timers.hpp"
#include "net/capture_packet.hpp"
#include "net/engine_loop.hpp"
#include "sip/transport.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::net {

/// A pcap file of SIP messages, and perhaps media, for Wireshark, tshark and sngrep: nanosecond times, link type "raw IP". Belongs to the engine's thread; the
/// disk is waited for by the thread of `files`. It is complete up to about 100 ms ago at any time, also when the process is killed. When the disk falls more
/// than 64 MiB behind, messages are left out, counted and logged once.
class CaptureFile {
 public:
  enum class SecureTransports { Leave, Write };

  /// Creates the file, or says what is wrong with the path.
  static base::Result<std::unique_ptr<CaptureFile>> blocking_create(EngineLoop& engine, EngineLoop& files, const std::filesystem::path& path,
                                                                    SecureTransports secure);
  ~CaptureFile();
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;

  /// `message` is written as it is: mask what is secret before (sip::masked).
  void write(base::WallTime time, sip::TraceSink::Direction direction, const sip::Flow& flow, std::string_view message);
  /// A datagram. What is told within 100 ms is put into the order of its times.
  void write(base::WallTime time, const base::SocketAddress& from, const base::SocketAddress& to, std::string_view datagram);

 private:
  struct Packet {
    base::WallTime time;
    std::string bytes;
  };
  class Dump;

  CaptureFile(EngineLoop& engine, EngineLoop& files, SecureTransports secure, std::shared_ptr<Dump> dump);
  [[nodiscard]] bool has_room();
  void gather(base::WallTime time, std::vector<std::string> packets);
  void pass_on();

  EngineLoop& files_;
  SecureTransports secure_;
  std::shared_ptr<Dump> dump_;
  CapturePacketMaker packets_;
  std::vector<Packet> gathered_;
  std::size_t gathered_bytes_ = 0;
  bool dropping_ = false;
  base::Timer pass_on_;
};

}  // namespace callwright::net
