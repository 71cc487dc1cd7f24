#include "net/impairment.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace callwright::net {
namespace {

using base::Errc;
using base::Error;

constexpr std::chrono::milliseconds kLongest{10'000};

std::optional<double> number_before(std::string_view text, std::string_view unit) {
  double value = 0;
  if (!text.ends_with(unit)) {
    return std::nullopt;
  }
  text.remove_suffix(unit.size());
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size() && value >= 0 ? std::optional(value) : std::nullopt;
}

base::Result<void> take(Impairment::Options& options, std::string_view name, std::string_view value) {
  const bool share = name == "loss" || name == "duplicate";
  const auto number = number_before(value, share ? "%" : "ms");
  if (!share && name != "delay" && name != "jitter") {
    return Error(Errc::InvalidArgument, "\"" + std::string(name) + "\" is nothing that a network does here; there are loss, duplicate, delay and jitter");
  }
  if (!number || (share && *number > 100) || (!share && *number > static_cast<double>(kLongest.count()))) {
    const std::string wanted = share ? "a share such as 5%" : "a time such as 40ms, up to 10000ms";
    return Error(Errc::InvalidArgument, std::string(name) + " has to be " + wanted + ", not \"" + std::string(value) + "\"");
  }
  if (share) {
    (name == "loss" ? options.loss : options.duplicate) = *number / 100;
  } else {
    (name == "delay" ? options.delay : options.jitter) = std::chrono::milliseconds(static_cast<std::int64_t>(*number));
  }
  return base::ok();
}

}  // namespace

base::Result<Impairment::Options> Impairment::Options::parse(std::string_view text) {
  Options options;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view value = equals < part.size() ? part.substr(equals + 1) : std::string_view{};
    if (const auto taken = take(options, part.substr(0, equals), value); !taken) {
      return taken.error();
    }
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return options;
}

Impairment::~Impairment() {
  for (const base::SocketAddress& local : own_) {
    behind_->erase(local);
  }
}

void Impairment::add(const base::SocketAddress& local) {
  behind_->insert(local);
  own_.push_back(local);
}

void Impairment::remove(const base::SocketAddress& local) {
  behind_->erase(local);
  std::erase(own_, local);
}

void Impairment::carry_in(const base::SocketAddress& remote, std::string_view datagram, std::function<void(std::string_view)> take) {
  if (behind_->contains(remote)) {
    take(datagram);
  } else {
    carry_out(datagram, std::move(take));
  }
}

void Impairment::carry_out(std::string_view datagram, std::function<void(std::string_view)> send) {
  if (random_.chance(options_.loss)) {
    return;
  }
  const unsigned copies = random_.chance(options_.duplicate) ? 2 : 1;
  for (unsigned copy = 0; copy < copies; ++copy) {
    const auto most = static_cast<std::uint64_t>(options_.jitter.count());
    const auto wait = options_.delay + std::chrono::milliseconds(random_.between(0, most));
    if (wait == std::chrono::milliseconds::zero()) {
      send(datagram);
      continue;
    }
    Late& late = late_.emplace_back(*this, timers_);
    late.place = std::prev(late_.end());
    late.datagram = datagram;
    late.send = send;
    late.timer.start(wait);
  }
}

void Impairment::arrive(Late& late) {
  const std::string datagram = std::move(late.datagram);
  const auto send = std::move(late.send);
  late_.erase(late.place);
  send(datagram);
}

}  // namespace callwright::net
