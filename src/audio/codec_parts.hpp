#pragma once

#include "audio/codec.hpp"

/// The makers behind make_encoder and make_decoder, each in the file of its codec; arguments are checked before.
namespace callwright::audio::detail {

std::unique_ptr<Encoder> make_g711_encoder(Encoding encoding);
std::unique_ptr<Decoder> make_g711_decoder(Encoding encoding);
std::unique_ptr<Encoder> make_l16_encoder(SampleRate rate);
std::unique_ptr<Decoder> make_l16_decoder(SampleRate rate);
std::unique_ptr<Encoder> make_g722_encoder();
std::unique_ptr<Decoder> make_g722_decoder();
std::unique_ptr<Encoder> make_opus_encoder(const CodecOptions& options);
std::unique_ptr<Decoder> make_opus_decoder(const CodecOptions& options);

/// For codecs that take any length: whole steps of 10 ms.
[[nodiscard]] constexpr std::chrono::milliseconds whole_steps(std::chrono::milliseconds wanted) noexcept {
  constexpr std::chrono::milliseconds kStep{10};
  return wanted < kStep ? kStep : wanted > kLongestPacket ? kLongestPacket : wanted - wanted % kStep;
}

}  // namespace callwright::audio::detail
