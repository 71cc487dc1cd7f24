#include "base/result.hpp"

namespace callwright::base {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "callwright"; }
  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::InvalidArgument: return "invalid argument";
      case Errc::NotFound: return "not found";
      case Errc::WrongState: return "not possible in this state";
      case Errc::LimitReached: return "limit reached";
      case Errc::TimedOut: return "timed out";
      case Errc::Refused: return "refused";
      case Errc::Unreachable: return "unreachable";
      case Errc::AlreadyExists: return "already exists";
      case Errc::Unsupported: return "unsupported";
      case Errc::Io: return "input/output error";
    }
    return "unknown error";
  }
};

}  // namespace

const boost::system::error_category& callwright_category() noexcept {
  static const Category kCategory;
  return kCategory;
}

}  // namespace callwright::base
