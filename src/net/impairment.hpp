#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "base/timers.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace callwright::net {

/// A bad network, for tests, between some sockets and all others: datagrams are lost, late or doubled in each direction. One thread.
class Impairment {
 public:
  struct Options {
    double loss = 0;                      ///< Of all datagrams, 0 … 1.
    double duplicate = 0;                 ///< Of those that are not lost.
    std::chrono::milliseconds delay{0};   ///< Of each.
    std::chrono::milliseconds jitter{0};  ///< On top of it, from 0 to this, by chance: later ones may overtake.
    std::uint64_t seed = 1;               ///< The same chance for the same seed.

    /// "loss=5%,delay=40ms,jitter=10ms,duplicate=1%". Errors: InvalidArgument, which says what is wrong.
    static base::Result<Options> parse(std::string_view text);
  };

  /// The sockets behind the bad network; several impairments may share them. What goes from one to another passes it once.
  using Behind = std::shared_ptr<std::unordered_set<base::SocketAddress>>;

  Impairment(base::Timers& timers, const Options& options, Behind behind)
      : timers_(timers), options_(options), random_(options.seed), behind_(std::move(behind)) {}
  ~Impairment();
  Impairment(const Impairment&) = delete;
  Impairment& operator=(const Impairment&) = delete;

  /// A socket whose datagrams are carried here is bound there.
  void add(const base::SocketAddress& local);
  void remove(const base::SocketAddress& local);
  /// Calls `send` with the datagram: not at all, now or later, once or twice. Not any more when this is destroyed.
  void carry_out(std::string_view datagram, std::function<void(std::string_view)> send);
  /// The same with what comes from `remote`.
  void carry_in(const base::SocketAddress& remote, std::string_view datagram, std::function<void(std::string_view)> take);

 private:
  struct Late {
    Late(Impairment& owner, base::Timers& timers) : impairment(owner), timer(timers, base::Callback::to<&Late::arrive>(*this)) {}
    void arrive() { impairment.arrive(*this); }

    Impairment& impairment;
    base::Timer timer;
    std::string datagram;
    std::function<void(std::string_view)> send;
    std::list<Late>::iterator place;
  };

  void arrive(Late& late);

  base::Timers& timers_;
  const Options options_;
  base::DeterministicRandom random_;
  Behind behind_;
  std::vector<base::SocketAddress> own_;
  std::list<Late> late_;
};

}  // namespace callwright::net
