#include "audio/g722.hpp"

#include <algorithm>

namespace callwright::audio {
namespace {

// Tables of the Recommendation: the filter of §3.1 and §4.4 (scaled by 2^13), then §3.3 to §3.5 and §4.
constexpr std::array<std::int16_t, 12> kFilter{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};
constexpr std::array kLowDecision{0,   35,  72,  110, 150,  190,  233,  276,  323,  370,  422,  473,  530,  587,  650,
                                  714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919};
constexpr std::array kLowCodeNegative{0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4};
constexpr std::array kLowCodePositive{0,  61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47,
                                      46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32};
constexpr std::array kLowLogStep{-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60};
constexpr std::array kHighLogStep{798, -214, 798, -214};
constexpr std::array kScale{2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
                            2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008};
constexpr std::array kInverse4{0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0};
constexpr std::array kInverse2{-7408, -1616, 7408, 1616};
constexpr std::array kInverse6{-136,  -136,  -136,  -136,  -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
                               -7192, -6576, -6000, -5456, -4944,  -4464,  -4008,  -3576,  -3168,  -2776,  -2400,  -2032,  -1688,  -1360, -1040, -728,
                               24808, 21904, 19008, 16704, 14984,  13512,  12280,  11192,  10232,  9360,   8576,   7856,   7192,   6576,  6000,  5456,
                               4944,  4464,  4008,  3576,  3168,   2776,   2400,   2032,   1688,   1360,   1040,   728,    432,    136,   -432,  -136};
constexpr int kHighDecision = 564;
constexpr int kLowLimit = 18432;
constexpr int kHighLimit = 22528;
constexpr int kLowShift = 8;
constexpr int kHighShift = 10;

constexpr int saturated(int value) noexcept { return std::clamp(value, -32768, 32767); }
/// Of 15 bits, as the adders behind the quantisers are.
constexpr int saturated_15(int value) noexcept { return std::clamp(value, -16384, 16383); }

/// Weights for a window in which the values of the two halves of the filter take turns.
template <int Odd, int Even>
constexpr std::array<std::int16_t, 24> interleaved() noexcept {
  std::array<std::int16_t, 24> weights{};
  for (std::size_t i = 0; i < kFilter.size(); ++i) {
    weights[2 * i] = static_cast<std::int16_t>(Odd * kFilter[i]);
    weights[2 * i + 1] = static_cast<std::int16_t>(Even * kFilter[kFilter.size() - 1 - i]);
  }
  return weights;
}
constexpr auto kSum = interleaved<1, 1>();
constexpr auto kDifference = interleaved<-1, 1>();
constexpr auto kEven = interleaved<0, 1>();
constexpr auto kOdd = interleaved<1, 0>();

/// In a form that compilers know how to do eight at a time.
int filtered(const std::int16_t* values, const std::array<std::int16_t, 24>& weights) noexcept {
  int sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    sum += values[i] * weights[i];
  }
  return sum;
}

/// Calls back with the window that ends with each new pair, without moving all the values each time.
template <std::size_t Size, class Each>
void for_each_window(std::array<std::int16_t, Size>& history, std::size_t pairs, Each each) {
  constexpr std::size_t kRun = 160;  // Pairs: 20 ms.
  std::array<std::int16_t, Size + 2 * kRun> values;
  for (std::size_t done = 0; done < pairs;) {
    const std::size_t count = std::min(kRun, pairs - done);
    std::ranges::copy(history, values.begin());
    for (std::size_t i = 0; i < count; ++i) {
      each(done + i, values.data() + 2 * (i + 1), values.data() + Size + 2 * i);
    }
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(2 * count), Size, history.begin());
    done += count;
  }
}

}  // namespace

namespace detail {

void G722Band::adapt_scale(int step, int limit, int shift) noexcept {
  log_scale_ = std::clamp(((log_scale_ * 127) >> 7) + step, 0, limit);
  // Two of the exponent are the scale's own.
  scale_ = (kScale[static_cast<std::size_t>((log_scale_ >> 6) & 31)] << (log_scale_ >> 11) >> shift) << 2;
}

void G722Band::adapt_poles(int partial) noexcept {
  const bool same_one = (partial < 0) == (partial_one_ago_ < 0);
  const bool same_two = (partial < 0) == (partial_two_ago_ < 0);
  const int scaled = saturated(first_pole_ * 4);
  const int correction = std::min(same_one ? -scaled : scaled, 32767);
  second_pole_ = std::clamp((same_two ? 128 : -128) + (correction >> 7) + ((second_pole_ * 32512) >> 15), -12288, 12288);
  const int limit = 15360 - second_pole_;
  first_pole_ = std::clamp((same_one ? 192 : -192) + ((first_pole_ * 32640) >> 15), -limit, limit);
  partial_two_ago_ = partial_one_ago_;
  partial_one_ago_ = partial;
}

void G722Band::adapt_zeros(int difference) noexcept {
  // Up where the signs agree, down where not. The leak is zeros * 255 / 256, rounded down: 16 bits are never exceeded.
  const auto step = static_cast<std::int16_t>(difference == 0 ? 0 : 128);
  const Vector differ = (differences_ ^ static_cast<std::int16_t>(difference)) >> 15;
  const Vector whole = (zeros_ & std::int16_t{255}) == std::int16_t{0};
  zeros_ = zeros_ - (zeros_ >> 8) + ~whole + ((differ ^ step) - differ);
}

void G722Band::predict(int quantised_difference) noexcept {
  adapt_poles(saturated(zero_estimate_ + quantised_difference));
  adapt_zeros(quantised_difference);
  constexpr Vector kSix{-1, -1, -1, -1, -1, -1, 0, 0};
  const Vector newest{static_cast<std::int16_t>(saturated(2 * quantised_difference))};
  differences_ = __builtin_shufflevector(newest, differences_, 0, 8, 9, 10, 11, 12, 13, 14) & kSix;
  int products = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    products += (zeros_[i] * differences_[i]) >> 15;
  }
  zero_estimate_ = saturated(products);

  two_ago_ = one_ago_;
  one_ago_ = saturated(2 * saturated(estimate_ + quantised_difference));
  const int pole_estimate = saturated(((first_pole_ * one_ago_) >> 15) + ((second_pole_ * two_ago_) >> 15));
  estimate_ = saturated(pole_estimate + zero_estimate_);
}

}  // namespace detail

int G722Coder::encode_low(int sample) noexcept {
  const int error = saturated(sample - low_.estimate());
  const int magnitude = error >= 0 ? error : ~error;
  const auto above =
      std::partition_point(kLowDecision.begin() + 1, kLowDecision.end(), [&](int decision) { return magnitude >= (decision * low_.scale()) >> 12; });
  const auto interval = static_cast<std::size_t>(above - kLowDecision.begin());
  const int code = error < 0 ? kLowCodeNegative[interval] : kLowCodePositive[interval];
  const auto coarse = static_cast<std::size_t>(code >> 2);
  const int difference = (low_.scale() * kInverse4[coarse]) >> 15;
  low_.adapt_scale(kLowLogStep[coarse], kLowLimit, kLowShift);
  low_.predict(difference);
  return code;
}

int G722Coder::encode_high(int sample) noexcept {
  const int error = saturated(sample - high_.estimate());
  const int magnitude = error >= 0 ? error : ~error;
  const bool outer = magnitude >= (kHighDecision * high_.scale()) >> 12;
  const int code = (error < 0 ? 0 : 2) + (outer ? 0 : 1);
  const int difference = (high_.scale() * kInverse2[static_cast<std::size_t>(code)]) >> 15;
  high_.adapt_scale(kHighLogStep[static_cast<std::size_t>(code)], kHighLimit, kHighShift);
  high_.predict(difference);
  return code;
}

void G722Coder::encode(std::span<const Sample> samples, std::span<std::uint8_t> out) noexcept {
  for_each_window(history_, samples.size() / 2, [&](std::size_t index, const std::int16_t* window, std::int16_t* fresh) {
    fresh[0] = samples[2 * index];
    fresh[1] = samples[2 * index + 1];
    const int low = encode_low(filtered(window, kSum) >> 14);
    const int high = encode_high(filtered(window, kDifference) >> 14);
    out[index] = static_cast<std::uint8_t>(high << 6 | low);
  });
}

int G722Reader::decode_low(unsigned code) noexcept {
  const int sample = saturated_15(low_.estimate() + ((low_.scale() * kInverse6[code]) >> 15));
  const int difference = (low_.scale() * kInverse4[code >> 2]) >> 15;
  low_.adapt_scale(kLowLogStep[code >> 2], kLowLimit, kLowShift);
  low_.predict(difference);
  return sample;
}

int G722Reader::decode_high(unsigned code) noexcept {
  const int difference = (high_.scale() * kInverse2[code]) >> 15;
  const int sample = saturated_15(high_.estimate() + difference);
  high_.adapt_scale(kHighLogStep[code], kHighLimit, kHighShift);
  high_.predict(difference);
  return sample;
}

void G722Reader::decode(std::span<const std::uint8_t> bytes, std::span<Sample> out) noexcept {
  for_each_window(history_, bytes.size(), [&](std::size_t index, const std::int16_t* window, std::int16_t* fresh) {
    const int low = decode_low(bytes[index] & 63U);
    const int high = decode_high(bytes[index] >> 6U);
    fresh[0] = static_cast<std::int16_t>(low + high);
    fresh[1] = static_cast<std::int16_t>(low - high);
    out[2 * index] = static_cast<Sample>(saturated(filtered(window, kEven) >> 11));
    out[2 * index + 1] = static_cast<Sample>(saturated(filtered(window, kOdd) >> 11));
  });
}

}  // namespace callwright::audio
