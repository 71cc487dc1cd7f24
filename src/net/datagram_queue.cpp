#include "net/datagram_queue.hpp"

#include "net/sockaddr.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>

namespace callwright::net {
namespace {

/// A segment has to fit into the path's packets, of which IPv6 promises 1280 bytes.
constexpr std::size_t kMaxSegment = 1200;
/// Below what one packet can carry, 65 507 bytes.
constexpr std::size_t kMaxSegmentedBytes = 60'000;

/// Which datagrams must keep their order among themselves: those with one Call-ID. None in what is no message of ours, which then keeps it with everything.
std::optional<std::size_t> call_of(std::string_view datagram) noexcept {
  constexpr std::string_view kName = "Call-ID: ";
  const std::size_t name = datagram.find(kName);
  if (name == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = datagram.substr(name + kName.size());
  return std::hash<std::string_view>{}(rest.substr(0, rest.find('\r')));
}

}  // namespace

struct DatagramRoom::Headers {
  struct Control {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> bytes{};
  };

  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> parts{};
  std::array<sockaddr_storage, kBatch> remotes{};
  std::array<Control, kBatch> controls{};
  std::array<std::size_t, kBatch> run_lengths{};
};

/// Puts the datagrams of a batch into runs of one size and one address, in the order in which the runs began.
class DatagramQueue::Arrangement {
 public:
  explicit Arrangement(const DatagramQueue& queue) : queue_(queue) {}

  void add(const Entry& entry) {
    const std::optional<std::size_t> call = call_of(queue_.bytes_of(entry));
    std::size_t run = call && entry.size <= kMaxSegment ? find_run(entry, *call) : run_count_;
    if (run == run_count_) {
      runs_[run_count_++] = {&entry, 0};
      newest_[place_of(entry)] = static_cast<std::uint8_t>(run_count_);
    }
    if (!call) {
      first_open_ = run_count_;
    }
    ++runs_[run].length;
    run_of_[count_++] = run;
    if (call) {
      std::uint8_t& last = last_runs_[*call % last_runs_.size()];
      last = std::max(last, static_cast<std::uint8_t>(run));
    }
  }

  /// Sorts the entries that were added by their runs, stably. Returns how many runs there are; their lengths go to `lengths`.
  std::size_t apply(std::vector<Entry>::iterator entries, std::array<std::size_t, kBatch>& lengths) const {
    std::array<std::size_t, kBatch> place{};
    for (std::size_t run = 0, next = 0; run < run_count_; ++run) {
      place[run] = next;
      lengths[run] = runs_[run].length;
      next += runs_[run].length;
    }
    std::array<Entry, kBatch> sorted;
    for (std::size_t index = 0; index < count_; ++index) {
      sorted[place[run_of_[index]]++] = entries[static_cast<std::ptrdiff_t>(index)];
    }
    std::copy_n(sorted.begin(), count_, entries);
    return run_count_;
  }

 private:
  struct Run {
    const Entry* first = nullptr;
    std::size_t length = 0;
  };

  /// The run that the datagram may join without overtaking one of its call; `run_count_` when there is none.
  [[nodiscard]] std::size_t find_run(const Entry& entry, std::size_t call) const noexcept {
    const std::size_t newest = newest_[place_of(entry)];
    if (newest <= first_open_ || last_runs_[call % last_runs_.size()] >= newest) {
      return run_count_;
    }
    const Run& run = runs_[newest - 1];
    const bool same = run.first->size == entry.size && run.first->remote == entry.remote;
    return same && (run.length + 1) * entry.size <= kMaxSegmentedBytes ? newest - 1 : run_count_;
  }

  [[nodiscard]] std::size_t place_of(const Entry& entry) const noexcept { return (entry.size ^ entry.remote.port) % newest_.size(); }

  const DatagramQueue& queue_;
  std::array<Run, kBatch> runs_;
  std::size_t run_count_ = 0;
  std::size_t first_open_ = 0;  ///< What belongs to no call overtakes nothing and is not overtaken.
  std::array<std::size_t, kBatch> run_of_;
  std::array<std::uint8_t, 256> newest_{};     ///< One more than the newest run, by size and port, which others may share; 0: none.
  std::array<std::uint8_t, 256> last_runs_{};  ///< By Call-ID; those that share a place wait for each other, which does no harm.
  std::size_t count_ = 0;
};

DatagramRoom::DatagramRoom() : headers_(std::make_unique<Headers>()) {}

DatagramRoom::~DatagramRoom() = default;

DatagramQueue::DatagramQueue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

bool DatagramQueue::push(const base::SocketAddress& remote, std::string_view bytes) {
  if (bytes.size() > max_bytes_ - std::min(max_bytes_, bytes_.size())) {
    return false;
  }
  entries_.push_back({remote, bytes_.size(), bytes.size()});
  bytes_ += bytes;
  return true;
}

std::size_t DatagramQueue::arrange_runs(Headers& headers) {
  const std::size_t count = std::min(kBatch, size());
  if (!segments_ || count == 1) {
    std::fill_n(headers.run_lengths.begin(), count, 1);
    return count;
  }
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(next_);
  Arrangement arrangement(*this);
  std::for_each_n(first, count, [&](const Entry& entry) { arrangement.add(entry); });
  return arrangement.apply(first, headers.run_lengths);
}

void DatagramQueue::describe_run(Headers& headers, std::size_t index, std::size_t first, std::size_t length) {
  for (std::size_t part = first; part < first + length; ++part) {
    const Entry& entry = entries_[next_ + part];
    headers.parts[part] = {bytes_.data() + entry.offset, entry.size};
  }
  msghdr& header = headers.messages[index].msg_hdr;
  header.msg_iov = &headers.parts[first];
  header.msg_iovlen = length;
  header.msg_name = &headers.remotes[index];
  header.msg_namelen = to_sockaddr(entries_[next_ + first].remote, headers.remotes[index]);
  header.msg_control = nullptr;
  header.msg_controllen = 0;
  if (length > 1) {
    header.msg_control = headers.controls[index].bytes.data();
    header.msg_controllen = headers.controls[index].bytes.size();
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto segment = static_cast<std::uint16_t>(headers.parts[first].iov_len);
    std::memcpy(CMSG_DATA(control), &segment, sizeof segment);
  }
}

int DatagramQueue::send_some(Headers& headers, int descriptor) {
  const std::size_t runs = arrange_runs(headers);
  for (std::size_t run = 0, first = 0; run < runs; ++run) {
    describe_run(headers, run, first, headers.run_lengths[run]);
    first += headers.run_lengths[run];
  }
  return sendmmsg(descriptor, headers.messages.data(), static_cast<unsigned>(runs), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void DatagramQueue::advance(const Headers& headers, std::size_t runs) noexcept {
  for (std::size_t run = 0; run < runs; ++run) {
    next_ += headers.run_lengths[run];
  }
}

bool DatagramQueue::gives_up_segmentation(const Headers& headers, const boost::system::error_code& failure) noexcept {
  // What systems and devices say that cannot cut, or not for this path (a smaller MTU than any network of today has, IPsec).
  const bool about_segments = failure.value() == EINVAL || failure.value() == EIO || failure.value() == EMSGSIZE || failure.value() == EOPNOTSUPP;
  if (headers.run_lengths[0] == 1 || !about_segments) {
    return false;
  }
  segments_ = false;
  return true;
}

void DatagramQueue::flush(DatagramRoom& room, int descriptor, const OnFailure& on_failure, const OnPending& on_pending) {
  Headers& headers = *room.headers_;
  // An error that belongs to an earlier datagram is reported once by the next call on the socket; trying again tells which kind this one is.
  int attempts = 0;
  while (!empty()) {
    const int sent = send_some(headers, descriptor);
    if (sent > 0) {
      advance(headers, static_cast<std::size_t>(sent));
      attempts = 0;
      continue;
    }
    const boost::system::error_code failure(errno, boost::system::system_category());
    if (failure.value() == EAGAIN) {
      return;
    }
    if (failure.value() == EINTR || gives_up_segmentation(headers, failure)) {
      continue;
    }
    if (failure.value() == ENOBUFS) {
      // The interface's queue is full and what was given to it is gone, as if the network had lost it; going on now would lose the next as well.
      advance(headers, 1);
      return;
    }
    on_pending();
    if (++attempts == 3) {
      const base::SocketAddress remote = entries_[next_].remote;
      advance(headers, 1);
      attempts = 0;
      on_failure(remote, failure);
    }
  }
  clear();
}

void DatagramQueue::clear() noexcept {
  constexpr std::size_t kKeptBytes = 256 * 1024;
  entries_.clear();
  bytes_.clear();
  next_ = 0;
  if (bytes_.capacity() > kKeptBytes) {
    bytes_.shrink_to_fit();
  }
}

}  // namespace callwright::net
