#include "media/quality.hpp"

#include <gtest/gtest.h>

namespace callwright::media {
namespace {

using std::chrono::milliseconds;

Quality of_g711(double loss, double burst_ratio = 1, milliseconds delay = milliseconds(0)) { return rate({impairments::kG711, loss, burst_ratio, delay}); }

TEST(Quality, a_perfect_call_has_the_default_rating_of_g107) {
  EXPECT_NEAR(of_g711(0).r_factor, 93.2, 1e-9);
  EXPECT_NEAR(of_g711(0).mos, 4.41, 0.005);
}

TEST(Quality, has_the_opinions_that_annex_b_lists) {
  // G.107 Table B.1: the lower limits of its categories.
  EXPECT_NEAR(mos_of(90), 4.34, 0.005);
  EXPECT_NEAR(mos_of(80), 4.03, 0.007);
  EXPECT_NEAR(mos_of(70), 3.60, 0.005);
  EXPECT_NEAR(mos_of(60), 3.10, 0.005);
  EXPECT_NEAR(mos_of(50), 2.58, 0.005);
  EXPECT_EQ(mos_of(0), 1);
  EXPECT_EQ(mos_of(-5), 1);
  EXPECT_EQ(mos_of(101), 4.5);
  EXPECT_GE(mos_of(3), 1) << "the cubic dips below 1 there";
}

TEST(Quality, loss_costs_what_the_robustness_of_the_codec_allows) {
  // Ie,eff = 95 · Ppl / (Ppl + Bpl).
  EXPECT_NEAR(of_g711(0.05).r_factor, 93.2 - 95 * 5 / (5 + 25.1), 1e-9);
  EXPECT_LT(rate({impairments::kG711WithoutConcealment, 0.05, 1, {}}).mos, of_g711(0.05).mos - 1);
  EXPECT_GT(rate({impairments::kOpus, 0.05, 1, {}}).mos, of_g711(0.05).mos);
  EXPECT_EQ(of_g711(1).mos, of_g711(2).mos) << "more than all is not lost";
}

TEST(Quality, loss_in_bursts_costs_more) {
  EXPECT_LT(of_g711(0.05, 4).r_factor, of_g711(0.05).r_factor - 1);
  EXPECT_EQ(of_g711(0.05, 0.2), of_g711(0.05)) << "the model knows no better than random";
}

TEST(Quality, delay_begins_to_matter_beyond_a_tenth_of_a_second) {
  EXPECT_EQ(of_g711(0, 1, milliseconds(100)), of_g711(0));
  const double at_150 = of_g711(0).r_factor - of_g711(0, 1, milliseconds(150)).r_factor;
  const double at_400 = of_g711(0).r_factor - of_g711(0, 1, milliseconds(400)).r_factor;
  EXPECT_LT(at_150, 1);
  EXPECT_GT(at_400, 20);
  EXPECT_LT(at_400, 30);
}

TEST(Quality, of_a_direction_is_absent_until_something_is_known_of_it) {
  rtp::LossBursts bursts;
  EXPECT_EQ(quality_of_received(bursts, impairments::kG711, milliseconds(10), milliseconds(40)), std::nullopt);
  EXPECT_EQ(quality_of_sent(std::nullopt, milliseconds(5), impairments::kG711, std::nullopt), std::nullopt);
  for (int i = 0; i < 100; ++i) {
    bursts.take(i % 25 == 24 ? rtp::Fate::Lost : i % 25 == 12 ? rtp::Fate::Discarded : rtp::Fate::Received);
  }
  const auto received = quality_of_received(bursts, impairments::kG711, milliseconds(100), milliseconds(40));
  ASSERT_TRUE(received);
  EXPECT_NEAR(received->r_factor, of_g711(0.08).r_factor, 1.0) << "late packets count as lost";
  const auto sent = quality_of_sent(0.25, milliseconds(100), impairments::kG711, milliseconds(400));
  ASSERT_TRUE(sent);
  EXPECT_EQ(*sent, of_g711(0.25, 1, milliseconds(400)));
}

TEST(Quality, tells_the_other_side_of_bursts) {
  rtp::LossBursts bursts;
  for (int i = 0; i < 1000; ++i) {
    bursts.take(i % 100 > 3 ? rtp::Fate::Received : rtp::Fate::Lost);
  }
  const rtp::VoipMetrics metrics = voip_metrics_of(bursts, impairments::kG711, {}, {}, milliseconds(20));
  EXPECT_EQ(metrics.burst_duration, 80);
  EXPECT_EQ(metrics.burst_density, 255);
  EXPECT_EQ(metrics.loss_rate, 10) << "40 of 1000, in 256ths";
}

TEST(Quality, is_told_to_the_other_side) {
  rtp::LossBursts bursts;
  EXPECT_EQ(voip_metrics_of(bursts, impairments::kG711, {}, {}, milliseconds(20)).r_factor, rtp::VoipMetrics::kUnavailable);
  for (int i = 0; i < 256; ++i) {
    bursts.take(i % 64 == 63 ? rtp::Fate::Lost : i % 64 == 30 ? rtp::Fate::Discarded : rtp::Fate::Received);
  }
  const rtp::VoipMetrics metrics = voip_metrics_of(bursts, impairments::kG711, milliseconds(400), milliseconds(60), milliseconds(20));
  EXPECT_EQ(metrics.loss_rate, 4);
  EXPECT_EQ(metrics.discard_rate, 4);
  EXPECT_EQ(metrics.round_trip_delay, 400);
  EXPECT_EQ(metrics.end_system_delay, 60);
  EXPECT_EQ(metrics.gmin, 16);
  const auto quality = quality_of_received(bursts, impairments::kG711, milliseconds(400), milliseconds(60));
  EXPECT_NEAR(metrics.r_factor, quality->r_factor, 0.5);
  EXPECT_NEAR(metrics.mos_cq, quality->mos * 10, 0.5);
  EXPECT_GT(metrics.mos_lq, metrics.mos_cq) << "without the delay";
}

}  // namespace
}  // namespace callwright::media
