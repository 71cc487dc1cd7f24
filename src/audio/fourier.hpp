#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <span>

namespace callwright::audio {

/// The discrete Fourier transform of real values and back, of one size. Through KISS FFT. The same input gives the same output everywhere that
/// floats are IEEE 754.
class Fourier {
 public:
  /// `size` is even; powers of two are fastest.
  explicit Fourier(std::size_t size);
  ~Fourier();
  Fourier(Fourier&&) noexcept;
  Fourier& operator=(Fourier&&) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t bins() const noexcept { return size_ / 2 + 1; }
  /// `values` has `size`, `spectrum` `bins` elements; anything else is a bug and throws.
  void forward(std::span<const float> values, std::span<std::complex<float>> spectrum) const;
  /// Not scaled: back and forth multiplies by `size`.
  void inverse(std::span<const std::complex<float>> spectrum, std::span<float> values) const;

 private:
  struct State;
  std::size_t size_;
  std::unique_ptr<State> state_;
};

}  // namespace callwright::audio
