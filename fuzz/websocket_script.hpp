#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What a WebSocket client sends, made from any bytes. The first byte says how:
///
///     r   the rest goes over the wire as it is, in place of the handshake
///     h   after a good handshake the rest goes over the wire as it is
///     f   after a good handshake the rest is frames, separated by '|'. The first byte of one says which: t text, b binary, T and B the first part of such
///         a message, c a part in the middle, C the last one, p ping, q pong, x close; anything else is the first byte of the frame. The rest is its payload
///
/// For `f` it is known what a server has to make of it.
struct WebSocketScript {
  /// Longer messages end the connection.
  static constexpr std::size_t kMaxMessage = 1000;

  /// `request` is the handshake that `h` and `f` begin with.
  WebSocketScript(std::string_view bytes, std::string_view request);

  bool upgrades = false;               ///< The handshake is a good one.
  std::vector<std::string> pieces;     ///< As they go over the wire, one after the other.
  std::vector<std::string> messages;   ///< The server takes these, in this order, and no others,
  bool all_messages_are_taken = true;  ///< unless this says that only the first of them may be taken, or others after them.

 private:
  enum class Part { None, Text, Binary };

  void frames(std::string_view script);
  void frame(char kind, std::string_view payload);
  void take_data(Part begins, bool last, std::string_view payload);
  void take(char kind, std::string_view payload);
  void end() { open_ = false; }

  bool open_ = true;
  Part part_ = Part::None;
  std::string message_;
};

inline WebSocketScript::WebSocketScript(std::string_view bytes, std::string_view request) {
  const char mode = bytes.empty() ? 'r' : bytes.front();
  const std::string_view rest = bytes.empty() ? bytes : bytes.substr(1);
  upgrades = mode == 'h' || mode == 'f';
  all_messages_are_taken = mode == 'f';
  if (upgrades) pieces.emplace_back(request);
  if (mode == 'f') {
    frames(rest);
  } else {
    // In two pieces, so that what is cut there has to wait for the rest.
    pieces.emplace_back(rest.substr(0, rest.size() / 2));
    pieces.emplace_back(rest.substr(rest.size() / 2));
  }
}

inline void WebSocketScript::frames(std::string_view script) {
  while (!script.empty()) {
    const std::string_view step = script.substr(0, script.find('|'));
    script.remove_prefix(step.size() < script.size() ? step.size() + 1 : script.size());
    if (!step.empty()) frame(step.front(), step.substr(1));
  }
}

inline void WebSocketScript::frame(char kind, std::string_view payload) {
  constexpr std::string_view kKinds = "tbTBcCpqx";
  constexpr unsigned char kFirst[] = {0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a, 0x88};
  constexpr std::size_t kShort = 125;
  const std::size_t known = kKinds.find(kind);
  const bool control = known != std::string_view::npos && known >= kKinds.find('p');
  if (control) payload = payload.substr(0, kShort);
  std::string wire(1, known == std::string_view::npos ? kind : static_cast<char>(kFirst[known]));
  if (payload.size() <= kShort) {
    wire += static_cast<char>(0x80U | payload.size());
  } else {
    wire += {static_cast<char>(0xfe), static_cast<char>(payload.size() >> 8U), static_cast<char>(payload.size() & 0xffU)};
  }
  const unsigned char mask[] = {0x37, static_cast<unsigned char>(pieces.size()), 0xfa, 0x00};
  wire.append(reinterpret_cast<const char*>(mask), sizeof mask);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    wire += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % sizeof mask]);
  }
  pieces.push_back(std::move(wire));
  if (open_) take(kind, payload);
}

inline void WebSocketScript::take(char kind, std::string_view payload) {
  switch (kind) {
    case 't': take_data(Part::Text, true, payload); return;
    case 'b': take_data(Part::Binary, true, payload); return;
    case 'T': take_data(Part::Text, false, payload); return;
    case 'B': take_data(Part::Binary, false, payload); return;
    case 'c': take_data(Part::None, false, payload); return;
    case 'C': take_data(Part::None, true, payload); return;
    case 'p':
    case 'q': return;
    case 'x': end(); return;
    default:  // It may mean anything.
      all_messages_are_taken = false;
      end();
  }
}

inline void WebSocketScript::take_data(Part begins, bool last, std::string_view payload) {
  // A message begins within another one, or goes on without having begun.
  if ((begins == Part::None) == (part_ == Part::None)) return end();
  if (begins != Part::None) part_ = begins;
  message_ += payload;
  if (message_.size() > kMaxMessage) return end();
  if (!last) return;
  for (const char c : message_) {
    // Text may be UTF-8 or not, and then ends the connection.
    if (part_ == Part::Text && static_cast<unsigned char>(c) >= 0x80) all_messages_are_taken = false;
  }
  messages.push_back(message_);
  message_.clear();
  part_ = Part::None;
}
