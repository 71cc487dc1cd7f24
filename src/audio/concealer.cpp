#include "audio/concealer.hpp"

#include <spandsp/telephony.h>

#include <spandsp/plc.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace callwright::audio {

struct Concealer::State {
  plc_state_t plc;
};

Concealer::Concealer() : state_(std::make_unique<State>()) { plc_init(&state_->plc); }
Concealer::~Concealer() = default;
Concealer::Concealer(Concealer&&) noexcept = default;
Concealer& Concealer::operator=(Concealer&&) noexcept = default;

void Concealer::received(std::span<Sample> samples) noexcept {
  if (!samples.empty()) {
    plc_rx(&state_->plc, samples.data(), static_cast<int>(samples.size()));
  }
}

void Concealer::conceal(std::span<Sample> out) noexcept {
  // The library would bring its ring of samples into order by a memcpy within itself, which is undefined; so it finds it in order.
  plc_state_t& plc = state_->plc;
  std::rotate(std::begin(plc.history), std::begin(plc.history) + plc.buf_ptr, std::end(plc.history));
  plc.buf_ptr = 0;
  // The library blends over up to a quarter of a pitch period and does not look at how much was asked for.
  std::array<Sample, PLC_PITCH_OVERLAP_MAX> start{};
  if (out.size() < start.size()) {
    plc_fillin(&plc, start.data(), static_cast<int>(start.size()));
    std::copy_n(start.begin(), out.size(), out.begin());
    return;
  }
  plc_fillin(&plc, out.data(), static_cast<int>(out.size()));
}

}  // namespace callwright::audio
