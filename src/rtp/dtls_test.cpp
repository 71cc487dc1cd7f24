#include "rtp/dtls.hpp"

#include "base/random.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <deque>

namespace {

long virtual_microseconds = 1'000'000;

}  // namespace

/// OpenSSL asks for the time of its retransmissions through this function: here it is that of the test.
extern "C" int gettimeofday(timeval* time, void*) noexcept {
  time->tv_sec = virtual_microseconds / 1'000'000;
  time->tv_usec = virtual_microseconds % 1'000'000;
  return 0;
}

namespace callwright::rtp {
namespace {

using testing::Each;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const DtlsIdentity& alice_identity() {
  static const DtlsIdentity kIdentity = DtlsIdentity::make(base::WallTime(std::chrono::hours(24 * 365 * 50))).value();
  return kIdentity;
}

const DtlsIdentity& bob_identity() {
  static const DtlsIdentity kIdentity = DtlsIdentity::make(base::WallTime(std::chrono::hours(24 * 365 * 50))).value();
  return kIdentity;
}

/// Two associations and a link between them that may lose, double and shuffle.
class TwoDtlsTransports : public testing::Test {
 protected:
  struct Datagram {
    DtlsTransport* to;
    Buffer bytes;
  };

  void take(std::vector<Buffer>& datagrams, DtlsTransport& to) {
    for (Buffer& bytes : datagrams) {
      EXPECT_LE(bytes.size(), DtlsTransport::kMtu);
      ++sent_;
      if (random_.chance(loss_)) {
        continue;
      }
      if (random_.chance(duplication_)) {
        wire_.push_back({&to, bytes});
      }
      wire_.push_back({&to, std::move(bytes)});
    }
    datagrams.clear();
  }

  /// Until nothing is under way and nobody waits, or for a minute of virtual time.
  void run() {
    std::vector<Buffer> out;
    const long end = virtual_microseconds + 60'000'000;
    while (virtual_microseconds < end && (!wire_.empty() || alice_.timeout() || bob_.timeout())) {
      for (auto* const side : {&alice_, &bob_}) {
        side->handle_timeout(out);
        take(out, side == &alice_ ? bob_ : alice_);
      }
      std::deque<Datagram> now;
      now.swap(wire_);
      while (!now.empty()) {
        const std::size_t at = shuffles_ ? random_.between(0, now.size() - 1) : 0;
        const Datagram datagram = now[at];
        now.erase(now.begin() + static_cast<std::ptrdiff_t>(at));
        datagram.to->receive(datagram.bytes, out);
        take(out, datagram.to == &alice_ ? bob_ : alice_);
      }
      virtual_microseconds += 20'000;
    }
  }

  void start() {
    std::vector<Buffer> out;
    bob_.start(out);
    EXPECT_THAT(out, IsEmpty()) << "the passive side waits";
    alice_.start(out);
    EXPECT_THAT(out, Not(IsEmpty()));
    take(out, bob_);
  }

  void expect_common_keys() {
    ASSERT_NE(alice_.keys(), nullptr) << alice_.failure();
    ASSERT_NE(bob_.keys(), nullptr) << bob_.failure();
    EXPECT_EQ(alice_.keys()->suite, SrtpSuite::AeadAes128Gcm);
    EXPECT_EQ(alice_.keys()->suite, bob_.keys()->suite);
    EXPECT_EQ(alice_.keys()->sending, bob_.keys()->receiving);
    EXPECT_EQ(alice_.keys()->receiving, bob_.keys()->sending);
    EXPECT_NE(alice_.keys()->sending, alice_.keys()->receiving);
    EXPECT_THAT(alice_.keys()->sending.bytes(), SizeIs(28));
  }

  base::DeterministicRandom random_{1};
  double loss_ = 0;
  double duplication_ = 0;
  bool shuffles_ = false;
  std::size_t sent_ = 0;
  std::deque<Datagram> wire_;
  DtlsTransport alice_ = DtlsTransport::make(alice_identity(), DtlsRole::Active, bob_identity().fingerprint()).value();
  DtlsTransport bob_ = DtlsTransport::make(bob_identity(), DtlsRole::Passive, alice_identity().fingerprint()).value();
};

TEST_F(TwoDtlsTransports, agree_on_keys_for_both_directions) {
  start();
  run();
  expect_common_keys();
  EXPECT_LE(sent_, 12U);
}

TEST_F(TwoDtlsTransports, give_keys_that_srtp_can_use) {
  start();
  run();
  SrtpSession from = SrtpSession::make(alice_.keys()->suite, alice_.keys()->sending, alice_.keys()->receiving).value();
  SrtpSession to = SrtpSession::make(bob_.keys()->suite, bob_.keys()->sending, bob_.keys()->receiving).value();
  Buffer packet = {0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 42};
  const Buffer plain = packet;
  ASSERT_EQ(from.protect_rtp(packet), SrtpResult::Ok);
  ASSERT_EQ(to.unprotect_rtp(packet), SrtpResult::Ok);
  EXPECT_EQ(packet, plain);
}

TEST_F(TwoDtlsTransports, refuse_a_certificate_that_the_description_does_not_name) {
  alice_ = DtlsTransport::make(alice_identity(), DtlsRole::Active, alice_identity().fingerprint()).value();
  start();
  run();
  EXPECT_EQ(alice_.state(), DtlsTransport::State::Failed);
  EXPECT_THAT(alice_.failure(), testing::HasSubstr("a=fingerprint"));
  EXPECT_EQ(alice_.keys(), nullptr);
  EXPECT_EQ(bob_.state(), DtlsTransport::State::Failed) << "it was told";
  EXPECT_EQ(bob_.keys(), nullptr);
}

TEST_F(TwoDtlsTransports, the_passive_side_checks_too) {
  bob_ = DtlsTransport::make(bob_identity(), DtlsRole::Passive, bob_identity().fingerprint()).value();
  start();
  run();
  EXPECT_EQ(bob_.state(), DtlsTransport::State::Failed);
  EXPECT_EQ(bob_.keys(), nullptr);
}

TEST_F(TwoDtlsTransports, an_unreachable_side_ends_the_handshake) {
  loss_ = 1;
  start();
  run();
  EXPECT_EQ(alice_.state(), DtlsTransport::State::Failed);
  EXPECT_THAT(alice_.failure(), testing::HasSubstr("does not answer"));
  EXPECT_GE(sent_, 10U);
  EXPECT_LE(sent_, 20U);
}

TEST_F(TwoDtlsTransports, say_good_bye) {
  start();
  run();
  std::vector<Buffer> out;
  alice_.close(out);
  ASSERT_THAT(out, SizeIs(1));
  EXPECT_EQ(alice_.keys(), nullptr);
  bob_.receive(out[0], out);
  EXPECT_EQ(bob_.state(), DtlsTransport::State::Closed);
}

TEST_F(TwoDtlsTransports, ignore_what_is_no_dtls) {
  start();
  std::vector<Buffer> out;
  Buffer noise(5000);
  for (std::size_t size = 0; size < noise.size(); size += 97) {
    for (std::size_t at = 0; at < size; ++at) {
      noise[at] = static_cast<std::uint8_t>(at < 1 ? 20 + size % 5 : random_.next());
    }
    bob_.receive(Bytes(noise).first(size), out);
    alice_.receive(Bytes(noise).first(size), out);
  }
  out.clear();
  run();
  expect_common_keys();
}

TEST(DtlsTransport, refuses_a_hash_that_proves_nothing) {
  EXPECT_FALSE(DtlsTransport::make(alice_identity(), DtlsRole::Active, {"sha-1", "AB"}));
  EXPECT_FALSE(DtlsTransport::make(alice_identity(), DtlsRole::Active, {"md5", "AB"}));
}

TEST(DtlsIdentity, has_a_fingerprint_of_its_own) {
  EXPECT_THAT(alice_identity().fingerprint().value, SizeIs(32 * 3 - 1));
  EXPECT_EQ(alice_identity().fingerprint().algorithm, "sha-256");
  EXPECT_NE(alice_identity().fingerprint(), bob_identity().fingerprint());
}

class BadLink : public TwoDtlsTransports, public testing::WithParamInterface<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, BadLink, testing::Range<std::uint64_t>(1, 41));

TEST_P(BadLink, only_delays_the_handshake) {
  random_ = base::DeterministicRandom(GetParam());
  loss_ = 0.3;
  duplication_ = 0.2;
  shuffles_ = true;
  start();
  run();
  expect_common_keys();
}

}  // namespace
}  // namespace callwright::rtp
