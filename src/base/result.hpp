#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace callwright::base {

/// Reasons that are shared by all folders. `Error::detail` carries what is specific and what the user can do about it.
enum class Errc {
  InvalidArgument = 1,  ///< A value from outside is malformed or out of range.
  NotFound,             ///< The thing named does not exist (any more).
  WrongState,           ///< The operation is not possible in the present state.
  LimitReached,         ///< A configured limit would be exceeded.
  TimedOut,             ///< The deadline passed.
  Refused,              ///< The other side said no.
  Unreachable,          ///< No route, no name, no listener.
  AlreadyExists,        ///< The name is taken.
  Unsupported,          ///< Understood, but not offered here.
  Io,                   ///< The operating system reported a failure.
};

const boost::system::error_category& callwright_category() noexcept;

inline boost::system::error_code make_error_code(Errc code) noexcept { return {static_cast<int>(code), callwright_category()}; }

/// An expected failure. `detail` is a whole sentence for a person; it says what to do next.
struct Error {
  boost::system::error_code code;
  std::string detail;

  /// No error; `boost::system::result::error()` of a success is this.
  Error() = default;
  Error(Errc errc, std::string text) : code(make_error_code(errc)), detail(std::move(text)) {}
  Error(boost::system::error_code error_code, std::string text) : code(error_code), detail(std::move(text)) {}

  /// `detail`, or the code's own text when there is none.
  [[nodiscard]] std::string message() const { return detail.empty() ? code.message() : detail; }
  friend bool operator==(const Error&, const Error&) = default;
};

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) { throw std::runtime_error(error.message()); }

/// A value or an Error. Reading the value of a failed result is a bug and throws.
template <class T>
class [[nodiscard]] Result : public boost::system::result<T, Error> {
 public:
  using boost::system::result<T, Error>::result;
};

inline constexpr auto kOk = boost::system::in_place_value;
/// The successful `Result<void>`.
inline Result<void> ok() { return Result<void>(kOk); }

}  // namespace callwright::base

template <>
struct boost::system::is_error_code_enum<callwright::base::Errc> : std::true_type {};
