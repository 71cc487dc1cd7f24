#include "net/media_thread.hpp"

#include "audio/file_recorder.hpp"
#include "audio/file_source.hpp"
#include "audio/live_sink.hpp"
#include "audio/live_source.hpp"
#include "net/endpoint.hpp"
#include "sip/stun.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>

#include <gtest/gtest.h>

#include <unistd.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace callwright::net {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kGuard = 20s;
const base::IpAddress kLoopback = base::IpAddress::v4({127, 0, 0, 1});

media::StreamOptions on_loopback(std::uint16_t first_port = 0, std::uint16_t last_port = 0) {
  media::StreamOptions options;
  options.address = kLoopback;
  options.first_port = first_port;
  options.last_port = last_port;
  return options;
}

class RecordingObserver final : public media::MediaObserver {
 public:
  void on_media_event(const media::StreamEvent& event) override { events.push_back(event); }

  template <class What>
  [[nodiscard]] std::optional<What> first() const {
    for (const auto& event : events) {
      if (const auto* const what = std::get_if<What>(&event.what)) {
        return *what;
      }
    }
    return std::nullopt;
  }

  std::vector<media::StreamEvent> events;
};

class MediaThreadTest : public testing::Test {
 protected:
  struct Phone {
    RecordingObserver observer;
    media::OpenedStream opened;
  };

  std::unique_ptr<Phone> open(const media::StreamOptions& options = on_loopback()) {
    auto phone = std::make_unique<Phone>();
    phone->opened = media.open(options, phone->observer).value();
    return phone;
  }
  void connect(const Phone& from, const Phone& to) {
    media::StreamParameters parameters;
    parameters.remote_rtp = to.opened.rtp;
    parameters.remote_rtcp = to.opened.rtcp;
    media.start(from.opened.id, parameters);
  }
  bool until(const std::function<bool()>& done) { return engine.run_until(done, kGuard); }

  EngineLoop engine;
  MediaThread media{engine};
};

TEST_F(MediaThreadTest, lets_two_streams_hear_each_others_tone) {
  const auto alice = open();
  const auto bob = open();
  media.set_source(alice->opened.id, media::Tone{440, -20});
  media.set_source(bob->opened.id, media::Tone{1000, -15});
  connect(*alice, *bob);
  connect(*bob, *alice);
  ASSERT_TRUE(until([&] { return alice->observer.first<media::ToneDetected>() && bob->observer.first<media::ToneDetected>(); }));
  EXPECT_NEAR(alice->observer.first<media::ToneDetected>()->frequency_hz, 1000, 10);
  EXPECT_NEAR(alice->observer.first<media::ToneDetected>()->level_dbov, -15, 1);
  EXPECT_NEAR(bob->observer.first<media::ToneDetected>()->frequency_hz, 440, 10);
  EXPECT_TRUE(bob->observer.first<media::FirstPacket>().has_value());
  media.close(alice->opened.id);
  media.close(bob->opened.id);
  ASSERT_TRUE(until([&] { return alice->observer.first<media::Ended>() && bob->observer.first<media::Ended>(); }));
  EXPECT_GT(alice->observer.first<media::Ended>()->statistics.packets_sent, 3U);
  EXPECT_GT(alice->observer.first<media::Ended>()->statistics.packets_received, 3U);
  EXPECT_TRUE(std::holds_alternative<media::Ended>(alice->observer.events.back().what));
  EXPECT_EQ(media.streams(), 0U);
}

TEST_F(MediaThreadTest, joins_two_calls_so_that_their_phones_hear_each_other) {
  const auto alice = open();
  const auto left = open();
  const auto right = open();
  const auto bob = open();
  media.set_source(alice->opened.id, media::Tone{440, -20});
  media.set_source(bob->opened.id, media::Tone{1000, -15});
  media.join(left->opened.id, right->opened.id);
  connect(*left, *alice);
  connect(*right, *bob);
  connect(*alice, *left);
  connect(*bob, *right);
  ASSERT_TRUE(until([&] { return alice->observer.first<media::ToneDetected>() && bob->observer.first<media::ToneDetected>(); }));
  EXPECT_NEAR(alice->observer.first<media::ToneDetected>()->frequency_hz, 1000, 10);
  EXPECT_NEAR(bob->observer.first<media::ToneDetected>()->frequency_hz, 440, 10);
  EXPECT_FALSE(left->observer.first<media::ToneDetected>().has_value());
  media.close(left->opened.id);
  ASSERT_TRUE(until([&] { return left->observer.first<media::Ended>().has_value(); }));
  EXPECT_GT(left->observer.first<media::Ended>()->statistics.packets_sent, 3U);
  media.close(right->opened.id);
  EXPECT_TRUE(until([&] { return right->observer.first<media::Ended>().has_value(); }));
}

TEST_F(MediaThreadTest, lets_the_parties_of_a_conference_hear_each_other) {
  RecordingObserver in_room;
  EXPECT_FALSE(media.open_conference({.rate = audio::SampleRate{12000}}, in_room));
  const media::ConferenceId room = media.open_conference({}, in_room).value();
  const auto alice = open();
  const auto left = open();
  const auto right = open();
  const auto bob = open();
  media.set_source(alice->opened.id, media::Tone{440, -20});
  media.set_source(bob->opened.id, media::Tone{1000, -15});
  media.confer(room, left->opened.id, {});
  media.confer(room, right->opened.id, {});
  connect(*left, *alice);
  connect(*right, *bob);
  connect(*alice, *left);
  connect(*bob, *right);
  ASSERT_TRUE(until([&] { return alice->observer.first<media::ToneDetected>() && bob->observer.first<media::ToneDetected>(); }));
  EXPECT_NEAR(alice->observer.first<media::ToneDetected>()->frequency_hz, 1000, 10);
  EXPECT_NEAR(bob->observer.first<media::ToneDetected>()->frequency_hz, 440, 10);
  media.set_source(room, media::SoundFile{"/nonexistent/announcement.wav"});
  ASSERT_TRUE(until([&] { return in_room.first<media::FileFailed>().has_value(); }));
  media.close(room);
  ASSERT_TRUE(until([&] { return in_room.first<media::Ended>().has_value(); }));
  for (const auto* const phone : {alice.get(), left.get(), right.get(), bob.get()}) {
    media.close(phone->opened.id);
    ASSERT_TRUE(until([&] { return phone->observer.first<media::Ended>().has_value(); }));
  }
  EXPECT_EQ(media.streams(), 0U);
}

TEST_F(MediaThreadTest, keeps_the_pace_of_a_packet_every_twenty_milliseconds) {
  const auto alice = open();
  const auto bob = open();
  connect(*bob, *alice);
  const auto begin = engine.clock().now();
  connect(*alice, *bob);
  const auto sent_for = 600ms;
  EXPECT_FALSE(engine.run_until([] { return false; }, sent_for));
  media.close(alice->opened.id);
  ASSERT_TRUE(until([&] { return alice->observer.first<media::Ended>().has_value(); }));
  const auto elapsed = engine.clock().now() - begin;
  const auto sent = static_cast<double>(alice->observer.first<media::Ended>()->statistics.packets_sent);
  EXPECT_LE(sent, static_cast<double>(elapsed / 20ms) + 1);
  EXPECT_GE(sent, 15);  // Of 30: a busy machine may hold the thread up, and frames of a long stall are left out.
}

TEST_F(MediaThreadTest, frees_the_ports_of_two_thousand_streams_one_after_the_other) {
  // Twenty pairs of ports have to do for all of them. They lie below those that the kernel gives to others, in a place of this process's own.
  const auto first_port = static_cast<std::uint16_t>(20'000 + getpid() % 250 * 40);
  const auto options = on_loopback(first_port, static_cast<std::uint16_t>(first_port + 39));
  for (int round = 0; round < 200; ++round) {
    std::vector<std::unique_ptr<Phone>> phones;
    for (int number = 0; number < 10; ++number) {
      phones.push_back(open(options));
    }
    for (const auto& phone : phones) {
      media.close(phone->opened.id);
    }
    ASSERT_TRUE(until([&phones] {
      return std::all_of(phones.begin(), phones.end(), [](const auto& phone) { return phone->observer.template first<media::Ended>(); });
    })) << round;
  }
  EXPECT_EQ(media.streams(), 0U);
}

TEST_F(MediaThreadTest, says_so_when_all_ports_are_taken) {
  RecordingObserver observer;
  const auto first = media.open(on_loopback(), observer);
  ASSERT_TRUE(first.has_value());
  const auto second = media.open(on_loopback(first->rtp.port, first->rtcp.port), observer);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, base::make_error_code(base::Errc::LimitReached));
}

TEST_F(MediaThreadTest, tells_an_abandoned_streams_observer_nothing) {
  const auto alice = open();
  auto bob = open();
  connect(*alice, *bob);
  connect(*bob, *alice);
  media.abandon(bob->opened.id);
  bob.reset();
  ASSERT_TRUE(until([this] { return media.streams() == 1; }));
  media.close(alice->opened.id);
  EXPECT_TRUE(until([&] { return alice->observer.first<media::Ended>().has_value(); }));
}

TEST_F(MediaThreadTest, plays_a_recording_and_tells_its_end) {
  const auto path = std::filesystem::path(testing::TempDir()) / (std::to_string(getpid()) + "media_thread_source.wav");
  {
    audio::FileRecorder::Options options;
    options.path = path;
    ASSERT_TRUE(audio::FileRecorder::blocking_create(options).value()->blocking_write(std::vector<audio::Sample>(1600, 8000)));
  }
  const auto alice = open();
  const auto bob = open();
  media.set_source(alice->opened.id, media::SoundFile{path, media::Repeat::Once});
  connect(*bob, *alice);
  connect(*alice, *bob);
  ASSERT_TRUE(until([&] { return alice->observer.first<media::SourceEnded>() && bob->observer.first<media::FirstAudio>(); }));
  std::filesystem::remove(path);
}

TEST_F(MediaThreadTest, reports_files_that_cannot_be_opened) {
  const auto alice = open();
  media.set_source(alice->opened.id, media::SoundFile{"/nonexistent/file.wav", media::Repeat::Once});
  ASSERT_TRUE(until([&] { return alice->observer.first<media::FileFailed>().has_value(); }));
  media.close(alice->opened.id);
  EXPECT_TRUE(until([&] { return alice->observer.first<media::Ended>().has_value(); }));
}

TEST_F(MediaThreadTest, ignores_commands_for_unknown_and_closed_streams) {
  const auto alice = open();
  media.close(alice->opened.id);
  media.close(alice->opened.id);
  media.set_source(alice->opened.id, media::Tone{});
  media.start(media::StreamId{999}, {});
  ASSERT_TRUE(until([&] { return alice->observer.first<media::Ended>().has_value(); }));
  EXPECT_EQ(alice->observer.events.size(), 1U);
}

/// Answers binding requests, but the first `lose` of them.
class StunServer {
 public:
  StunServer(EngineLoop& loop, unsigned lose) : socket_(loop.context(), {boost::asio::ip::address_v4::loopback(), 0}), lose_(lose) { wait(); }
  [[nodiscard]] base::SocketAddress address() const { return from_endpoint(socket_.local_endpoint()); }
  [[nodiscard]] unsigned requests() const noexcept { return requests_; }
  void close() { socket_.close(); }

 private:
  void wait() {
    socket_.async_receive_from(boost::asio::buffer(buffer_), remote_, [this](const boost::system::error_code& failure, std::size_t size) {
      if (failure) {
        return;
      }
      const std::string answer = sip::answer_stun_keep_alive({buffer_.data(), size}, from_endpoint(remote_));
      if (!answer.empty() && ++requests_ > lose_) {
        socket_.send_to(boost::asio::buffer(answer), remote_);
      }
      wait();
    });
  }
  boost::asio::ip::udp::socket socket_;
  boost::asio::ip::udp::endpoint remote_;
  std::array<char, 1500> buffer_{};
  unsigned lose_;
  unsigned requests_ = 0;
};

TEST_F(MediaThreadTest, learns_its_addresses_from_a_stun_server_that_loses_requests) {
  StunServer server(engine, 3);
  media::StreamOptions options = on_loopback();
  options.stun_server = server.address();
  const auto alice = open(options);
  ASSERT_TRUE(until([&] { return alice->observer.first<media::AddressLearned>().has_value(); }));
  EXPECT_EQ(alice->observer.first<media::AddressLearned>()->rtp, alice->opened.rtp);
  EXPECT_EQ(alice->observer.first<media::AddressLearned>()->rtcp, alice->opened.rtcp);
  EXPECT_GE(server.requests(), 5U);
  // The ports are still those of the stream.
  const auto bob = open();
  media.set_source(bob->opened.id, media::Tone{1000, -15});
  connect(*alice, *bob);
  connect(*bob, *alice);
  ASSERT_TRUE(until([&] { return alice->observer.first<media::ToneDetected>().has_value(); }));
  media.abandon(alice->opened.id);
  media.abandon(bob->opened.id);
  ASSERT_TRUE(until([&] { return media.streams() == 0; }));
  server.close();
}

TEST_F(MediaThreadTest, says_that_a_stun_server_does_not_answer) {
  StunServer server(engine, 1000);
  media::StreamOptions options = on_loopback();
  options.stun_server = server.address();
  const auto alice = open(options);
  ASSERT_TRUE(until([&] { return alice->observer.first<media::AddressUnknown>().has_value(); }));
  EXPECT_EQ(alice->observer.first<media::AddressUnknown>()->error.code, base::Errc::TimedOut);
  EXPECT_EQ(server.requests(), 8U);
  media.abandon(alice->opened.id);
  ASSERT_TRUE(until([&] { return media.streams() == 0; }));
  server.close();
}

TEST_F(MediaThreadTest, carries_live_sound_of_a_program_and_to_it) {
  const auto alice = open();
  const auto bob = open();
  const auto writer = std::make_shared<audio::LiveWriter>(audio::LiveOptions{.rate = audio::kWideband});
  const auto reader = std::make_shared<audio::LiveReader>(audio::LiveSinkOptions{.rate = audio::kWideband});
  media::Listening listening;
  listening.level_window = 100ms;
  media.set_listening(bob->opened.id, listening);
  media.hear(bob->opened.id, reader);
  media.set_source(alice->opened.id, media::LiveSound{writer});
  std::vector<audio::Sample> tone(16000);
  audio::ToneSource(1000, -15, audio::kWideband).read(tone);
  writer->write(tone);
  writer->finish();
  connect(*alice, *bob);
  connect(*bob, *alice);
  std::vector<audio::Sample> heard;
  ASSERT_TRUE(until([&] {
    reader->read(heard);
    return alice->observer.first<media::SourceEnded>() && heard.size() >= 16000 && bob->observer.first<media::LevelMeasured>();
  }));
  double loudest = audio::kSilenceDbov;
  for (std::size_t at = 0; at + 1600 <= heard.size(); at += 1600) {
    loudest = std::max(loudest, audio::level_dbov(std::span(heard).subspan(at, 1600)));
  }
  EXPECT_NEAR(loudest, -15, 1);
  EXPECT_EQ(writer->underruns(), 0U);
  EXPECT_EQ(reader->dropped(), 0ms);
  media.hear(bob->opened.id, nullptr);
  media.abandon(alice->opened.id);
  media.abandon(bob->opened.id);
  ASSERT_TRUE(until([&] { return media.streams() == 0; }));
}

}  // namespace
}  // namespace callwright::net
