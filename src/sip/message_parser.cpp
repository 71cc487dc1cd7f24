#include "sip/message_parser.hpp"

#include "sip/readers.hpp"

#include <cstring>
#include <utility>

namespace callwright::sip {
namespace {

using scan::view;

constexpr std::uint32_t kVia = 1;
constexpr std::uint32_t kFrom = 2;
constexpr std::uint32_t kTo = 4;
constexpr std::uint32_t kCallId = 8;
constexpr std::uint32_t kCSeq = 16;
constexpr std::uint32_t kRequired = kVia | kFrom | kTo | kCallId | kCSeq;

std::string_view missing_text(std::uint32_t missing) noexcept {
  if ((missing & kVia) != 0) return "Via is missing";
  if ((missing & kFrom) != 0) return "From is missing";
  if ((missing & kTo) != 0) return "To is missing";
  if ((missing & kCallId) != 0) return "Call-ID is missing";
  return "CSeq is missing";
}

std::string_view duplicate_text(std::uint32_t field) noexcept {
  switch (field) {
    case kFrom: return "From is there twice";
    case kTo: return "To is there twice";
    case kCallId: return "Call-ID is there twice";
    default: return "CSeq is there twice";
  }
}

scan::Fault read_call_id(std::string_view value, std::string_view& call_id) noexcept {
  if (value.empty()) return {value.data(), "Call-ID is empty"};
  for (const char& c : value) {
    if (scan::is_blank(c)) return {&c, "a blank may not stand in Call-ID"};
  }
  call_id = value;
  return {};
}

}  // namespace

bool MessageParser::run() {
  message_.bytes_ = view(begin_, end_);
  if (view(begin_, end_).size() > Message::kMaxSize) {
    fault(begin_ + Message::kMaxSize, "the message is longer than 65535 bytes");
    return false;
  }
  if (skip_empty_lines() && read_start_line() && read_headers()) {
    check_required();
    cut_body();
  }
  const bool is_ack = message_.method_ == Method::Ack || message_.cseq_.method == Method::Ack;
  message_.error_.answerable = failed_ && message_.is_request() && understood_ == kRequired && !is_ack;
  return !failed_;
}

void MessageParser::fault(const char* at, std::string_view reason) {
  if (std::exchange(failed_, true)) return;
  message_.error_.position = static_cast<std::size_t>(at - begin_);
  message_.error_.reason = reason;
}

const char* MessageParser::find_line_end(const char* at, const char*& line_end) {
  while (true) {
    at = scan::find_control(at, end_);
    if (at == end_) {
      fault(at, "the message ends within its header");
      return nullptr;
    }
    if (*at == '\n') break;
    if (*at == '\0') {
      fault(at, "a NUL byte in the header");
      return nullptr;
    }
    if (*at == '\r') {
      if (end_ - at > 1 && at[1] == '\n') {
        line_end = at;
        return at + 2;
      }
      fault(at, "a CR without LF");
      return nullptr;
    }
    ++at;
  }
  line_end = at;
  return at + 1;
}

bool MessageParser::skip_empty_lines() {
  at_ = begin_;
  while (at_ != end_ && (*at_ == '\n' || (*at_ == '\r' && end_ - at_ > 1 && at_[1] == '\n')))
    at_ += *at_ == '\n' ? 1 : 2;
  message_.bytes_ = view(at_, end_);
  if (at_ != end_) return true;
  fault(at_, "the message is empty");
  return false;
}

bool MessageParser::read_start_line() {
  const char* line_end = nullptr;
  first_header_ = find_line_end(at_, line_end);
  if (first_header_ == nullptr) return false;
  const std::string_view line = view(at_, line_end);
  if (equals_ignoring_case(line.substr(0, 4), "SIP/"))
    read_status_line(line);
  else
    read_request_line(line);
  at_ = first_header_;
  return true;
}

void MessageParser::read_request_line(std::string_view line) {
  const char* const end = scan::end_of(line);
  const char* const method_end = scan::skip(scan::kToken, line.data(), end);
  message_.method_text_ = view(line.data(), method_end);
  message_.method_ = method_from(message_.method_text_);
  if (method_end == line.data()) return fault(method_end, "method expected");
  if (method_end == end || *method_end != ' ') return fault(method_end, "one space expected after the method");
  const char* const uri = method_end + 1;
  const char* const uri_end = scan::find(uri, end, ' ');
  if (uri_end == uri) return fault(uri, "Request-URI expected");
  if (*uri == '<') return fault(uri, "the Request-URI may not stand in angle brackets");
  if (uri_end == end) return fault(end, "SIP version expected");
  if (const char* const tab = scan::find_control(uri, uri_end); tab != uri_end) return fault(tab, "character that may not stand in a URI");
  message_.request_uri_ = view(uri, uri_end);
  const std::string_view version = view(uri_end + 1, end);
  if (version == "SIP/2.0" || equals_ignoring_case(version, "SIP/2.0")) return;
  if (equals_ignoring_case(version.substr(0, 4), "SIP/") && version.find(' ') == std::string_view::npos) message_.error_.status = 505;
  fault(uri_end + 1, "SIP/2.0 expected");
}

void MessageParser::read_status_line(std::string_view line) {
  message_.status_ = 1;  // Not a request, whatever else is wrong with it.
  const char* const end = scan::end_of(line);
  const std::string_view version = line.substr(0, line.find(' '));
  if (!equals_ignoring_case(version, "SIP/2.0")) return fault(line.data(), "SIP/2.0 expected");
  if (scan::end_of(version) == end) return fault(end, "status code expected");
  const char* const code = scan::end_of(version) + 1;
  const char* const code_end = scan::skip(scan::kDigit, code, end);
  std::uint32_t status = 0;
  if (code_end - code != 3 || !scan::read_number(view(code, code_end), 699, status) || status < 100) {
    return fault(code, "status code from 100 to 699 expected");
  }
  if (code_end != end && *code_end != ' ') return fault(code_end, "one space expected after the status code");
  message_.status_ = static_cast<int>(status);
  if (code_end != end) message_.reason_ = view(code_end + 1, end);
}

bool MessageParser::read_headers() {
  while (true) {
    switch (read_header()) {
      case Step::Next: break;
      case Step::Done: return true;
      case Step::Fatal: return false;
      case Step::Folded:
        unfold();
        at_ = first_header_;
        break;
    }
  }
}

MessageParser::Step MessageParser::read_header() {
  if (at_ != end_ && (*at_ == '\n' || (*at_ == '\r' && end_ - at_ > 1 && at_[1] == '\n'))) {
    message_.body_ = view(at_ + (*at_ == '\n' ? 1 : 2), end_);
    return Step::Done;
  }
  HeaderField field;
  const char* const name_end = scan::skip(scan::kToken, at_, end_);
  field.name = view(at_, name_end);
  const char* const colon = scan::skip_blanks(name_end, end_);
  const bool well_formed = name_end != at_ && colon != end_ && *colon == ':';
  const char* const value = well_formed ? scan::skip_blanks(colon + 1, end_) : colon;
  const char* line_end = nullptr;
  const char* const next = find_line_end(value, line_end);
  if (next == nullptr) return Step::Fatal;
  const bool folded = next != end_ && scan::is_blank(*next);
  if (folded && message_.unfolded_ == nullptr) return Step::Folded;
  at_ = next;
  if (!well_formed) {
    if (field.name.empty())
      fault(name_end, "header field name expected");
    else
      fault(colon, "':' expected after the header field name");
    return Step::Next;
  }
  while (line_end != value && scan::is_blank(line_end[-1]))
    --line_end;
  field.value = view(value, line_end);
  if (message_.headers_.size() == Message::kMaxHeaders) {
    fault(field.name.data(), "more than 256 header fields");
    return Step::Fatal;
  }
  keep(field);
  return Step::Next;
}

void MessageParser::keep(const HeaderField& field) {
  HeaderField& kept = message_.headers_.emplace_back(field);
  kept.id = header_from(field.name);
  switch (kept.id) {
    case Header::Via:
      if ((seen_ & kVia) == 0) read_once(kVia, kept);
      break;
    case Header::From: read_once(kFrom, kept); break;
    case Header::To: read_once(kTo, kept); break;
    case Header::CallId: read_once(kCallId, kept); break;
    case Header::CSeq: read_once(kCSeq, kept); break;
    case Header::ContentLength: read_content_length(kept.value); break;
    default: break;
  }
}

void MessageParser::read_once(std::uint32_t field, const HeaderField& header) {
  if ((seen_ & field) != 0) return fault(header.name.data(), duplicate_text(field));
  seen_ |= field;
  const scan::Fault found = read_required(field, header.value);
  if (found)
    fault(found.at, found.reason);
  else
    understood_ |= field;
}

scan::Fault MessageParser::read_required(std::uint32_t field, std::string_view value) {
  switch (field) {
    case kVia: {
      std::string_view rest = value;
      const std::string_view first = scan::next_value(rest);
      if (first.empty()) return {value.data(), "Via is empty"};
      const scan::Fault found = read_via(first, message_.via_);
      // A request of another version of SIP, refused already, has a Via of that version: the 505 goes there.
      return message_.error_.status == 505 && !message_.via_.host.empty() ? scan::Fault{} : found;
    }
    case kFrom:
    case kTo: {
      NameAddr& address = field == kFrom ? message_.from_ : message_.to_;
      const scan::Fault found = read_name_addr(value, address);
      return !found && address.wildcard ? scan::Fault{value.data(), "an address expected"} : found;
    }
    case kCallId: return read_call_id(value, message_.call_id_);
    default: return read_cseq(value, message_.cseq_);
  }
}

void MessageParser::read_content_length(std::string_view value) {
  std::uint32_t length = 0;
  if (!scan::read_number(value, 0xffffffffU, length)) return fault(value.data(), "Content-Length must be a number");
  if (content_length_at_ != nullptr && length != content_length_) return fault(value.data(), "two different values of Content-Length");
  content_length_at_ = value.data();
  content_length_ = length;
}

/// Copies the whole message, so that positions stay what they are, and blanks the line ends that folding makes meaningless.
void MessageParser::unfold() {
  const auto size = static_cast<std::size_t>(end_ - begin_);
  message_.unfolded_ = std::make_unique_for_overwrite<char[]>(size);
  char* const copy = message_.unfolded_.get();
  std::memcpy(copy, begin_, size);
  first_header_ = copy + (first_header_ - begin_);
  begin_ = copy;
  end_ = copy + size;
  bool line_has_text = true;
  for (char* at = copy + (first_header_ - begin_); at != end_; ++at) {
    if (*at != '\n') {
      if (*at != '\r') line_has_text = true;
      continue;
    }
    const bool crlf = at != first_header_ && at[-1] == '\r';
    if (!line_has_text) break;
    line_has_text = false;
    if (at + 1 == end_ || !scan::is_blank(at[1])) continue;
    *at = ' ';
    if (crlf) at[-1] = ' ';
  }
  message_.headers_.clear();
  seen_ = understood_ = 0;
  content_length_at_ = nullptr;
}

void MessageParser::check_required() {
  if (seen_ != kRequired) fault(at_, missing_text(kRequired & ~seen_));
  if ((understood_ & kCSeq) == 0) return;
  if (!message_.is_request()) {
    message_.method_ = message_.cseq_.method;
    message_.method_text_ = message_.cseq_.method_text;
  } else if (message_.cseq_.method_text != message_.method_text_) {
    fault(message_.cseq_.method_text.data(), "the method of CSeq is not that of the request");
  }
}

void MessageParser::cut_body() {
  // The body, like all of `bytes`, is in the bytes given and not in their unfolded copy.
  const auto available = message_.body_.size();
  const char* const body = base_ + (message_.body_.data() - begin_);
  message_.body_ = view(body, body + available);
  if (content_length_at_ != nullptr) {
    if (content_length_ > available) return fault(content_length_at_, "Content-Length is more than the bytes there are");
    message_.body_ = message_.body_.substr(0, content_length_);
  }
  message_.bytes_ = view(message_.bytes_.data(), scan::end_of(message_.body_));
}

bool Message::parse(std::string_view bytes) {
  clear();
  return MessageParser(*this, bytes).run();
}

}  // namespace callwright::sip
