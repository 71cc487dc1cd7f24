#include "base/log.hpp"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <mutex>

namespace callwright::base::log {
namespace {

thread_local std::string scope_text;

/// The function that replaces standard error, if any.
struct Redirection {
  std::mutex mutex;
  Sink sink;
  std::atomic<bool> active = false;
};

Redirection& redirection() {
  static Redirection instance;
  return instance;
}

spdlog::level::level_enum to_spdlog(Level level) noexcept {
  switch (level) {
    case Level::Trace: return spdlog::level::trace;
    case Level::Debug: return spdlog::level::debug;
    case Level::Info: return spdlog::level::info;
    case Level::Warn: return spdlog::level::warn;
    case Level::Error: return spdlog::level::err;
    case Level::Off: return spdlog::level::off;
  }
  return spdlog::level::off;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> kInstance = [] {
    auto made = std::make_shared<spdlog::logger>("callwright", std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%fZ %^%l%$ %v", spdlog::pattern_time_type::utc);
    made->set_level(spdlog::level::warn);
    made->flush_on(spdlog::level::warn);
    return made;
  }();
  return *kInstance;
}

bool is_plain(unsigned char character) { return character > ' ' && character != '"' && character != '=' && character != '\\' && character != 0x7f; }

void append_value(std::string& line, std::string_view value) {
  bool plain = !value.empty();
  for (const char character : value) {
    plain = plain && is_plain(static_cast<unsigned char>(character));
  }
  if (plain) {
    line += value;
    return;
  }
  static constexpr char kHex[] = "0123456789abcdef";
  line += '"';
  for (const char character : value) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      line += '\\';
      line += character;
    } else if (byte < ' ' || byte == 0x7f) {
      line += "\\x";
      line += kHex[byte >> 4];
      line += kHex[byte & 15];
    } else {
      line += character;
    }
  }
  line += '"';
}

void append_field(std::string& line, std::string_view key, std::string_view value) {
  line += ' ';
  line += key;
  line += '=';
  append_value(line, value);
}

}  // namespace

Scope::Scope(std::string_view key, std::string_view value) : length_before_(scope_text.size()) { append_field(scope_text, key, value); }

Scope::~Scope() { scope_text.resize(length_before_); }

void set_level(Level level) noexcept { logger().set_level(to_spdlog(level)); }

bool enabled(Level level) noexcept { return logger().should_log(to_spdlog(level)); }

bool parse_level(std::string_view text, Level& level) noexcept {
  static constexpr struct {
    std::string_view name;
    Level level;
  } kNames[] = {{"trace", Level::Trace}, {"debug", Level::Debug}, {"info", Level::Info}, {"warn", Level::Warn}, {"error", Level::Error}, {"off", Level::Off}};
  for (const auto& entry : kNames) {
    if (entry.name == text) {
      level = entry.level;
      return true;
    }
  }
  return false;
}

void set_sink(Sink sink) {
  const std::lock_guard lock(redirection().mutex);
  redirection().sink = std::move(sink);
  redirection().active = static_cast<bool>(redirection().sink);
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!enabled(level)) {
    return;
  }
  std::string line(message);
  line += scope_text;
  for (const Field& field : fields) {
    append_field(line, field.key, field.text);
  }
  if (redirection().active) {
    const std::lock_guard lock(redirection().mutex);
    if (redirection().sink) {
      redirection().sink(level, line);
      return;
    }
  }
  logger().log(to_spdlog(level), spdlog::string_view_t(line));
}

}  // namespace callwright::base::log
