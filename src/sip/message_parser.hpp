#pragma once

#include "sip/message.hpp"
#include "sip/scan.hpp"

#include <cstdint>
#include <string_view>

namespace callwright::sip {

/// One run of `Message::parse`. After a fault in one line it reads on, so that the fields which an answer needs are found; the first
/// fault is the one reported. Faults that leave no lines to trust end the run.
class MessageParser {
 public:
  MessageParser(Message& message, std::string_view bytes) noexcept : message_(message), begin_(bytes.data()), end_(scan::end_of(bytes)), base_(begin_) {}

  [[nodiscard]] bool run();

 private:
  enum class Step : std::uint8_t { Next, Folded, Done, Fatal };

  /// Finds the end of the line that `at` is in: `line_end` is its last byte plus one, and the result where the next line starts; null after a fault.
  [[nodiscard]] const char* find_line_end(const char* at, const char*& line_end);
  [[nodiscard]] bool skip_empty_lines();
  [[nodiscard]] bool read_start_line();
  void read_request_line(std::string_view line);
  void read_status_line(std::string_view line);
  [[nodiscard]] bool read_headers();
  [[nodiscard]] Step read_header();
  void keep(const HeaderField& field);
  void read_content_length(std::string_view value);
  void read_once(std::uint32_t field, const HeaderField& header);
  [[nodiscard]] scan::Fault read_required(std::uint32_t field, std::string_view value);
  void unfold();
  void check_required();
  void cut_body();

  void fault(const char* at, std::string_view reason);

  Message& message_;
  const char* begin_;  ///< Of the text that is read: the bytes given, or their unfolded copy.
  const char* end_;
  const char* base_;  ///< Where the bytes given start.
  const char* at_ = nullptr;
  const char* first_header_ = nullptr;
  std::uint32_t seen_ = 0;
  std::uint32_t understood_ = 0;
  const char* content_length_at_ = nullptr;
  std::uint32_t content_length_ = 0;
  bool failed_ = false;
};

}  // namespace callwright::sip
