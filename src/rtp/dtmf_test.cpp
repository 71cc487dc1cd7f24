#include "rtp/dtmf_receiver.hpp"
#include "rtp/dtmf_sender.hpp"
#include "rtp/sender.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

namespace callwright::rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kStart = 0xfffffe00;  // Wraps within the first presses.

TEST(TelephoneEvent, is_written_and_read_byte_for_byte) {
  Buffer out;
  TelephoneEvent{11, EventEnd::Yes, 63, 0x1234}.write(out);
  EXPECT_THAT(out, ElementsAreArray({11, 0xbf, 0x12, 0x34}));
  out[1] |= 0x40;  // The reserved bit is ignored.
  EXPECT_EQ(TelephoneEvent::parse(out).value(), (TelephoneEvent{11, EventEnd::Yes, 63, 0x1234}));
  out.pop_back();
  EXPECT_FALSE(TelephoneEvent::parse(out));
}

TEST(TelephoneEvent, knows_the_sixteen_digits) {
  for (std::uint8_t event = 0; event < 16; ++event) {
    EXPECT_EQ(event_of_digit(digit_of_event(event).value()), event);
  }
  EXPECT_EQ(event_of_digit('d'), 15);
  EXPECT_EQ(event_of_digit('E'), std::nullopt);
  EXPECT_EQ(digit_of_event(16), std::nullopt);
}

/// The packets of each frame, of a sender that is asked every 20 ms.
std::vector<std::vector<EventPacket>> run(DtmfSender& sender, std::uint32_t clock_rate, std::uint32_t start = kStart) {
  std::vector<std::vector<EventPacket>> frames;
  for (std::uint32_t now = start; sender.active(); now += clock_rate / 50) {
    sender.frame(Timestamp{now}, clock_rate / 50, frames.emplace_back());
  }
  return frames;
}

std::vector<EventPacket> flat(const std::vector<std::vector<EventPacket>>& frames) {
  std::vector<EventPacket> packets;
  for (const auto& frame : frames) {
    packets.insert(packets.end(), frame.begin(), frame.end());
  }
  return packets;
}

class DtmfSenderAt : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(ClockRates, DtmfSenderAt, testing::Values(8000, 16000, 48000));

TEST_P(DtmfSenderAt, a_press_has_one_timestamp_a_growing_duration_and_three_ends) {
  DtmfSender sender(GetParam());
  ASSERT_TRUE(sender.press("5", {milliseconds(90), milliseconds(60)}));
  const auto frames = run(sender, GetParam());
  const auto packets = flat(frames);
  ASSERT_THAT(packets, SizeIs(7));
  const std::uint32_t ms = GetParam() / 1000;
  const std::uint32_t durations[] = {20, 40, 60, 80, 90, 90, 90};
  for (std::size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(packets[i].timestamp, Timestamp{kStart});
    EXPECT_EQ(packets[i].event.event, 5);
    EXPECT_EQ(packets[i].event.duration, durations[i] * ms);
    EXPECT_EQ(packets[i].marker, Marker{i == 0});
    EXPECT_EQ(packets[i].event.end, EventEnd{i >= 4});
  }
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_THAT(frames[i], SizeIs(1)) << "one packet a frame";
  }
}

TEST_P(DtmfSenderAt, digits_follow_each_other_after_the_gap) {
  DtmfSender sender(GetParam());
  ASSERT_TRUE(sender.press("1#", {milliseconds(60), milliseconds(100)}));
  const auto packets = flat(run(sender, GetParam()));
  ASSERT_THAT(packets, SizeIs(10));
  EXPECT_EQ(packets[5].event.event, 11);
  EXPECT_EQ(packets[5].marker, Marker::Yes);
  EXPECT_EQ(static_cast<std::uint32_t>(packets[5].timestamp), kStart + GetParam() / 1000 * 160);
}

TEST_P(DtmfSenderAt, a_long_press_goes_on_in_segments) {
  DtmfSender sender(GetParam());
  ASSERT_TRUE(sender.press("7", {seconds(20), milliseconds(60)}));
  const auto packets = flat(run(sender, GetParam()));
  std::uint32_t segment = kStart;
  std::uint64_t told = 0;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (static_cast<std::uint32_t>(packets[i].timestamp) != segment) {
      EXPECT_EQ(static_cast<std::uint32_t>(packets[i].timestamp), segment + 0xffff);
      EXPECT_EQ(packets[i - 1].event.duration, 0xffff);
      EXPECT_EQ(packets[i - 1].event.end, EventEnd::No);
      segment += 0xffff;
      told += 0xffff;
    }
    EXPECT_EQ(packets[i].marker, Marker{i == 0});
  }
  EXPECT_EQ(told + packets.back().event.duration, std::uint64_t{GetParam()} * 20);
  EXPECT_EQ(std::count_if(packets.begin(), packets.end(), [](const EventPacket& packet) { return packet.event.end == EventEnd::Yes; }), 3);
}

TEST(DtmfSender, refuses_what_it_cannot_send_and_queues_nothing_then) {
  DtmfSender sender(8000);
  EXPECT_FALSE(sender.press("12x", {}));
  EXPECT_FALSE(sender.press("1", {milliseconds(39), milliseconds(60)}));
  EXPECT_FALSE(sender.press("1", {milliseconds(100), milliseconds(39)}));
  EXPECT_FALSE(sender.press("1", {std::chrono::hours(2), milliseconds(60)}));
  EXPECT_FALSE(sender.press(std::string(257, '1'), {}));
  EXPECT_FALSE(sender.active());
  EXPECT_TRUE(sender.press(std::string(256, '1'), {}));
  EXPECT_FALSE(sender.press("1", {}));
}

TEST(DtmfSender, cancel_ends_the_press_that_was_begun) {
  DtmfSender sender(8000);
  ASSERT_TRUE(sender.press("12", {seconds(100), milliseconds(60)}));
  std::vector<EventPacket> packets;
  for (std::uint32_t frame = 0; frame < 500; ++frame) {
    sender.frame(Timestamp{frame * 160}, 160, packets);
  }
  sender.cancel();
  packets.clear();
  for (std::uint32_t frame = 500; sender.active(); ++frame) {
    sender.frame(Timestamp{frame * 160}, 160, packets);
  }
  ASSERT_THAT(packets, SizeIs(3));
  EXPECT_EQ(packets[0].event.end, EventEnd::Yes);
  EXPECT_EQ(packets[0].event.duration, 80000 - 0xffff);
  EXPECT_EQ(packets[0].event.event, 1);
}

TEST(DtmfSender, packets_leave_the_timestamp_of_the_audio_alone) {
  base::DeterministicRandom random(1);
  Sender sender(random);
  const Timestamp begin = sender.timestamp();
  Buffer out;
  sender.send_at(PayloadType{101}, Buffer(4), Timestamp{77}, Marker::Yes, out);
  const Packet packet = Packet::parse(out).value();
  EXPECT_EQ(packet.timestamp, Timestamp{77});
  EXPECT_EQ(packet.marker, Marker::Yes);
  EXPECT_EQ(sender.timestamp(), begin);
  EXPECT_EQ(sender.packets(), 1U);
}

/// Feeds what a sender makes, after a test has lost, doubled or moved some of it.
class DtmfReceiverOf : public testing::Test {
 protected:
  std::vector<EventPacket> packets_of(std::string_view digits, const DtmfSender::Timing& timing) {
    DtmfSender sender(8000);
    EXPECT_TRUE(sender.press(digits, timing));
    return flat(run(sender, 8000));
  }
  void receive(const std::vector<EventPacket>& packets) {
    for (const EventPacket& packet : packets) {
      Buffer payload;
      packet.event.write(payload);
      receiver_.receive(packet.timestamp, payload, now_ += milliseconds(20), presses_);
    }
  }
  std::string digits() const {
    std::string text;
    for (const DtmfPress& press : presses_) {
      text += press.digit;
    }
    return text;
  }

  base::TimePoint now_{std::chrono::hours(1)};
  DtmfReceiver receiver_{8000};
  std::vector<DtmfPress> presses_;
};

TEST_F(DtmfReceiverOf, each_press_is_one_event) {
  receive(packets_of("0123456789*#ABCD55", {milliseconds(90), milliseconds(60)}));
  EXPECT_EQ(digits(), "0123456789*#ABCD55");
  for (const DtmfPress& press : presses_) {
    EXPECT_EQ(press.duration, milliseconds(90));
  }
  EXPECT_EQ(presses_[0].start, Timestamp{kStart});
  EXPECT_EQ(receiver_.expire(now_ + seconds(10)), std::nullopt);
}

TEST_F(DtmfReceiverOf, lost_starts_and_one_end_of_three_are_enough) {
  auto packets = packets_of("33", {milliseconds(100), milliseconds(60)});
  std::vector<EventPacket> rest = {packets[6], packets[13]};
  receive(rest);
  EXPECT_EQ(digits(), "33");
  EXPECT_EQ(presses_[1].duration, milliseconds(100));
}

TEST_F(DtmfReceiverOf, a_lost_end_is_replaced_by_the_next_press_or_by_time) {
  auto packets = packets_of("33", {milliseconds(100), milliseconds(60)});
  std::erase_if(packets, [](const EventPacket& packet) { return packet.event.end == EventEnd::Yes; });
  receive(packets);
  EXPECT_EQ(digits(), "3");
  EXPECT_EQ(receiver_.pressed(), '3');
  EXPECT_EQ(receiver_.expire(now_ + milliseconds(149)), std::nullopt);
  const auto press = receiver_.expire(now_ + milliseconds(150));
  ASSERT_TRUE(press);
  EXPECT_EQ(press->duration, milliseconds(80));
  EXPECT_EQ(receiver_.pressed(), std::nullopt);
  receive({packets.back()});
  EXPECT_EQ(digits(), "3") << "what comes after its end is not told again";
}

TEST_F(DtmfReceiverOf, duplicates_and_reordering_add_nothing) {
  auto packets = packets_of("1223", {milliseconds(100), milliseconds(40)});
  std::vector<EventPacket> doubled;
  for (std::size_t i = 0; i + 1 < packets.size(); i += 2) {
    doubled.insert(doubled.end(), {packets[i + 1], packets[i], packets[i + 1], packets[i]});
  }
  receive(doubled);
  EXPECT_EQ(digits(), "1223");
}

TEST_F(DtmfReceiverOf, a_press_whose_only_packet_comes_late_is_told) {
  auto one = packets_of("12", {milliseconds(100), milliseconds(60)});
  receive({one[8], one[6], one[5], one[13]});
  EXPECT_EQ(digits(), "12");
}

TEST_F(DtmfReceiverOf, a_long_press_is_one_event_even_when_a_segment_loses_its_end) {
  auto packets = packets_of("9", {seconds(20), milliseconds(60)});
  std::erase_if(packets, [](const EventPacket& packet) { return packet.event.duration == 0xffff; });
  receive(packets);
  ASSERT_EQ(digits(), "9");
  EXPECT_EQ(presses_[0].duration, seconds(20));
  EXPECT_EQ(presses_[0].start, Timestamp{kStart});
}

TEST_F(DtmfReceiverOf, packed_presses_are_told_one_by_one) {
  Buffer payload;
  TelephoneEvent{1, EventEnd::Yes, 10, 800}.write(payload);
  TelephoneEvent{2, EventEnd::Yes, 10, 640}.write(payload);
  receiver_.receive(Timestamp{100}, payload, now_, presses_);
  receiver_.receive(Timestamp{100}, payload, now_, presses_);
  ASSERT_EQ(digits(), "12");
  EXPECT_EQ(presses_[1].start, Timestamp{900});
}

TEST_F(DtmfReceiverOf, other_events_and_short_payloads_do_nothing) {
  Buffer flash;
  TelephoneEvent{16, EventEnd::Yes, 10, 800}.write(flash);
  receiver_.receive(Timestamp{1}, flash, now_, presses_);
  receiver_.receive(Timestamp{1}, Buffer(3), now_, presses_);
  EXPECT_THAT(presses_, IsEmpty());
}

TEST_F(DtmfReceiverOf, random_loss_of_a_third_costs_few_presses_and_adds_none) {
  base::DeterministicRandom random(4);
  for (int round = 0; round < 50; ++round) {
    DtmfReceiver receiver(8000);
    std::vector<DtmfPress> presses;
    base::TimePoint now{seconds(1)};
    for (const EventPacket& packet : packets_of("1234567890", {milliseconds(100), milliseconds(60)})) {
      now += milliseconds(20);
      if (!random.chance(0.33)) {
        Buffer payload;
        packet.event.write(payload);
        receiver.receive(packet.timestamp, payload, now, presses);
      }
    }
    if (const auto last = receiver.expire(now + seconds(1))) {
      presses.push_back(*last);
    }
    EXPECT_THAT(presses, SizeIs(testing::AllOf(testing::Ge(9), testing::Le(10)))) << round;
  }
}

}  // namespace
}  // namespace callwright::rtp
