#include "net/capture_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pcap/pcap.h>

#include <filesystem>
#include <fstream>

namespace callwright::net {
namespace {

using base::IpAddress;
using base::SocketAddress;
using sip::Transport;
using std::chrono_literals::operator""s;

constexpr auto kSent = sip::TraceSink::Direction::Sent;
constexpr auto kReceived = sip::TraceSink::Direction::Received;

const SocketAddress kOurs{IpAddress::v4({192, 0, 2, 1}), 5060};
const SocketAddress kTheirs{IpAddress::v4({198, 51, 100, 7}), 5062};

std::uint16_t word(const std::string& packet, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(packet[at]) << 8 | static_cast<unsigned char>(packet[at + 1]));
}
std::uint32_t long_word(const std::string& packet, std::size_t at) { return static_cast<std::uint32_t>(word(packet, at)) << 16 | word(packet, at + 2); }

/// RFC 1071: over the header with its checksum in place the sum is all ones.
std::uint32_t folded_sum(const std::string& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2)
    sum += word(bytes, at);
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

TEST(CapturePacket, of_a_datagram_is_ip_and_udp_with_right_lengths_and_sums) {
  CapturePacketMaker maker;
  const auto packets = maker.make(Transport::Udp, kOurs, kTheirs, "OPTIONS");
  ASSERT_EQ(packets.size(), 1U);
  const std::string& packet = packets.front();
  EXPECT_EQ(packet.size(), 20U + 8U + 7U);
  EXPECT_EQ(word(packet, 2), packet.size());
  EXPECT_EQ(packet[9], 17);
  EXPECT_EQ(folded_sum(packet.substr(0, 20)), 0xffffU);
  EXPECT_EQ(word(packet, 20), 5060);
  EXPECT_EQ(word(packet, 22), 5062);
  EXPECT_EQ(word(packet, 24), 15);
  EXPECT_EQ(packet.substr(28), "OPTIONS");
}

TEST(CapturePacket, of_a_stream_counts_the_bytes_of_each_direction) {
  CapturePacketMaker maker;
  const std::string first = maker.make(Transport::Tcp, kOurs, kTheirs, "12345").front();
  const std::string back = maker.make(Transport::Tcp, kTheirs, kOurs, "abc").front();
  const std::string second = maker.make(Transport::Tcp, kOurs, kTheirs, "678").front();
  EXPECT_EQ(long_word(first, 24), 1U);
  EXPECT_EQ(long_word(back, 24), 1U);
  EXPECT_EQ(long_word(back, 28), 6U);
  EXPECT_EQ(long_word(second, 24), 6U);
  EXPECT_EQ(long_word(second, 28), 4U);
}

TEST(CapturePacket, of_a_long_message_over_a_stream_is_several_segments) {
  CapturePacketMaker maker;
  const auto packets = maker.make(Transport::Tls, kOurs, kTheirs, std::string(40'000, 'x'));
  ASSERT_EQ(packets.size(), 3U);
  EXPECT_EQ(long_word(packets[2], 24), 1U + 2 * 16'384U);
}

TEST(CapturePacket, of_ipv6_has_a_version_6_header) {
  CapturePacketMaker maker;
  const SocketAddress six{*IpAddress::parse("2001:db8::1"), 5060};
  const std::string packet = maker.make(Transport::Udp, six, six, "hello").front();
  EXPECT_EQ(packet.size(), 40U + 8U + 5U);
  EXPECT_EQ(static_cast<unsigned char>(packet[0]) >> 4, 6);
  EXPECT_EQ(word(packet, 4), 13);
}

TEST(CapturePacket, is_not_made_between_two_families) {
  CapturePacketMaker maker;
  EXPECT_TRUE(maker.make(Transport::Udp, kOurs, {*IpAddress::parse("2001:db8::1"), 5060}, "hello").empty());
}

struct Read {
  bpf_u_int32 length;
  timeval time;
};

class CaptureFileTest : public testing::Test {
 protected:
  CaptureFileTest() : path_(std::filesystem::path(testing::TempDir()) / ("capture-" + std::to_string(getpid()) + ".pcap")) { files_.start(); }
  ~CaptureFileTest() override { std::filesystem::remove(path_); }

  std::unique_ptr<CaptureFile> create(CaptureFile::SecureTransports secure) {
    auto created = CaptureFile::blocking_create(engine_, files_, path_, secure);
    EXPECT_TRUE(created);
    return created ? std::move(*created) : nullptr;
  }

  /// Nothing tells the engine that a file has grown: a short timer keeps it looking.
  bool looking(const std::function<bool()>& done) {
    struct Ticker {
      explicit Ticker(EngineLoop& owner) : timer(owner.timers(), base::Callback::to<&Ticker::tick>(*this)) { tick(); }
      void tick() { timer.start(std::chrono::milliseconds(1)); }
      base::Timer timer;
    } ticker(engine_);
    return engine_.run_until(done, std::chrono::seconds(20));
  }

  /// What libpcap finds in the file once everything written so far is in it.
  std::vector<Read> read_back() {
    bool written = false;
    EXPECT_TRUE(files_.post([this, &written] { EXPECT_TRUE(engine_.post([&written] { written = true; })); }));
    EXPECT_TRUE(engine_.run_until([&written] { return written; }, std::chrono::seconds(20)));
    char why[PCAP_ERRBUF_SIZE];
    pcap_t* const pcap = pcap_open_offline_with_tstamp_precision(path_.c_str(), PCAP_TSTAMP_PRECISION_NANO, why);
    EXPECT_NE(pcap, nullptr) << why;
    std::vector<Read> packets;
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    while (pcap_next_ex(pcap, &header, &bytes) == 1)
      packets.push_back({header->len, header->ts});
    EXPECT_EQ(pcap_datalink(pcap), DLT_RAW);
    pcap_close(pcap);
    return packets;
  }

  std::filesystem::path path_;
  EngineLoop engine_;
  EngineLoop files_;
};

TEST_F(CaptureFileTest, holds_what_was_written_with_its_time) {
  auto file = create(CaptureFile::SecureTransports::Leave);
  const base::WallTime time{std::chrono::seconds(1'700'000'000) + std::chrono::nanoseconds(123'456'789)};
  file->write(time, kSent, {.transport = Transport::Udp, .local = kOurs, .remote = kTheirs, .connection = {}}, "OPTIONS");
  file.reset();
  const auto packets = read_back();
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].length, 35U);
  EXPECT_EQ(packets[0].time.tv_sec, 1'700'000'000);
  EXPECT_EQ(packets[0].time.tv_usec, 123'456'789);
}

TEST_F(CaptureFileTest, leaves_secure_transports_out_unless_told_otherwise) {
  const sip::Flow secure{.transport = Transport::Tls, .local = kOurs, .remote = kTheirs, .connection = {}};
  auto file = create(CaptureFile::SecureTransports::Leave);
  file->write({}, kReceived, secure, "REGISTER");
  file.reset();
  EXPECT_TRUE(read_back().empty());
  file = create(CaptureFile::SecureTransports::Write);
  file->write({}, kReceived, secure, "REGISTER");
  file.reset();
  EXPECT_EQ(read_back().size(), 1U);
}

TEST_F(CaptureFileTest, is_complete_shortly_after_a_message_while_it_is_open) {
  const auto file = create(CaptureFile::SecureTransports::Leave);
  file->write({}, kReceived, {.transport = Transport::Udp, .local = kOurs, .remote = kTheirs, .connection = {}}, "OPTIONS");
  const auto header_only = std::filesystem::file_size(path_);
  EXPECT_TRUE(looking([&] { return std::filesystem::file_size(path_) > header_only; }));
  EXPECT_EQ(read_back().size(), 1U);
}

TEST_F(CaptureFileTest, that_cannot_be_made_says_why) {
  const auto created = CaptureFile::blocking_create(engine_, files_, "/nonexistent/folder/x.pcap", CaptureFile::SecureTransports::Leave);
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().message(), testing::HasSubstr("/nonexistent/folder/x.pcap cannot be written: No such file or directory"));
}

}  // namespace
}  // namespace callwright::net
