#include "audio/fourier.hpp"

#include <kiss_fftr.h>

#include <new>
#include <stdexcept>

namespace callwright::audio {

struct Fourier::State {
  explicit State(std::size_t size)
      : forward(kiss_fftr_alloc(static_cast<int>(size), 0, nullptr, nullptr)), inverse(kiss_fftr_alloc(static_cast<int>(size), 1, nullptr, nullptr)) {
    if (forward == nullptr || inverse == nullptr) {
      kiss_fftr_free(forward);
      kiss_fftr_free(inverse);
      throw std::bad_alloc();
    }
  }
  ~State() {
    kiss_fftr_free(forward);
    kiss_fftr_free(inverse);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  kiss_fftr_cfg forward;
  kiss_fftr_cfg inverse;
};

Fourier::Fourier(std::size_t size) : size_(size) {
  if (size < 2 || size % 2 != 0 || size > (std::size_t{1} << 24)) {
    throw std::invalid_argument("a transform of this size");
  }
  state_ = std::make_unique<State>(size);
}

Fourier::~Fourier() = default;
Fourier::Fourier(Fourier&&) noexcept = default;
Fourier& Fourier::operator=(Fourier&&) noexcept = default;

// kiss_fft_cpx is two floats, as std::complex<float> is by the standard (complex.numbers.general).
static_assert(sizeof(kiss_fft_cpx) == sizeof(std::complex<float>));

void Fourier::forward(std::span<const float> values, std::span<std::complex<float>> spectrum) const {
  if (values.size() != size_ || spectrum.size() != bins()) {
    throw std::invalid_argument("values of another size than the transform");
  }
  kiss_fftr(state_->forward, values.data(), reinterpret_cast<kiss_fft_cpx*>(spectrum.data()));
}

void Fourier::inverse(std::span<const std::complex<float>> spectrum, std::span<float> values) const {
  if (values.size() != size_ || spectrum.size() != bins()) {
    throw std::invalid_argument("values of another size than the transform");
  }
  kiss_fftri(state_->inverse, reinterpret_cast<const kiss_fft_cpx*>(spectrum.data()), values.data());
}

}  // namespace callwright::audio
