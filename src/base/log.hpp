#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace callwright::base::log {

/// Error: somebody must act. Warn: something was refused or lost. Info: one line a call event. Debug: decisions. Trace: packets.
enum class Level { Trace, Debug, Info, Warn, Error, Off };

/// One `key=value`. The text must live until the log call returns.
struct Field {
  std::string_view key;
  std::string text;

  Field(std::string_view name, std::string_view value) : key(name), text(value) {}
  Field(std::string_view name, const char* value) : key(name), text(value) {}
  Field(std::string_view name, const std::string& value) : key(name), text(value) {}
  Field(std::string_view name, bool value) : key(name), text(value ? "true" : "false") {}
  template <class Number>
  requires std::is_arithmetic_v<Number> Field(std::string_view name, Number value) : key(name), text(std::to_string(value)) {}
};

/// Adds `key=value` to every line that this thread logs while the object lives. Scopes nest.
class Scope {
 public:
  Scope(std::string_view key, std::string_view value);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  std::size_t length_before_;
};

/// Lines go to standard error, coloured on a terminal only; from Warn up until this says otherwise. Any thread.
void set_level(Level level) noexcept;
[[nodiscard]] bool enabled(Level level) noexcept;
/// "trace", "debug", "info", "warn", "error", "off"; anything else gives false and leaves `level` alone.
[[nodiscard]] bool parse_level(std::string_view text, Level& level) noexcept;

/// Receives each line (message, scopes and fields, without time) instead of standard error. From any thread that logs, never two at a time.
using Sink = std::function<void(Level level, std::string_view line)>;
/// Before other threads log; an empty sink restores standard error.
void set_sink(Sink sink);

/// Any thread. `message` is constant text without values; values go into fields. Values with blanks or quotes are quoted, control characters escaped.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

inline void error(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::Error, message, fields); }
inline void warn(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::Warn, message, fields); }
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::Info, message, fields); }
inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::Debug, message, fields); }

}  // namespace callwright::base::log
