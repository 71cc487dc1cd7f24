// Any bytes as a stream, in pieces as they come: how it is cut into messages must not depend on the pieces, and all of a message must be there.
#include "require.hpp"
#include "sip/message.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace callwright::sip;

namespace {

struct Cut {
  std::vector<std::string> messages;
  std::size_t pings = 0;
  bool broken = false;
};

/// As a connection does it: what is complete is taken away, the rest waits for more.
class Cutter {
 public:
  void receive(std::string_view piece) {
    waiting_ += piece;
    while (!cut.broken) {
      const StreamFrame frame = next_frame(waiting_, scanned_);
      require(frame.skip + frame.size <= waiting_.size());
      if (frame.state == StreamFrame::State::Incomplete) {
        waiting_.erase(0, frame.skip);
        return;
      }
      take(frame);
    }
  }

  Cut cut;

 private:
  void take(const StreamFrame& frame) {
    scanned_ = 0;
    if (frame.state == StreamFrame::State::Broken) {
      require(!frame.reason.empty());
      cut.broken = true;
      return;
    }
    require(frame.size > 0);
    if (frame.state == StreamFrame::State::KeepAlive) {
      ++cut.pings;
    } else {
      cut.messages.emplace_back(waiting_.substr(frame.skip, frame.size));
      Message message;
      require(!message.parse(cut.messages.back()) || message.bytes().size() == frame.size);
    }
    waiting_.erase(0, frame.skip + frame.size);
  }

  std::string waiting_;
  std::size_t scanned_ = 0;
};

Cut cut_in_pieces(std::string_view stream, std::size_t size, std::size_t growth) {
  Cutter cutter;
  while (!stream.empty() && !cutter.cut.broken) {
    const std::size_t piece = std::min(size, stream.size());
    cutter.receive(stream.substr(0, piece));
    stream.remove_prefix(piece);
    size += growth;
  }
  return cutter.cut;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const Cut whole = cut_in_pieces(stream, size, 0);
  for (const std::size_t piece : {1U, 2U, 7U}) {
    const Cut pieces = cut_in_pieces(stream, piece, piece == 7U ? 5 : 0);
    // Line ends between messages are a ping or not, depending on what has come by then; messages are the same.
    require(pieces.messages == whole.messages && pieces.broken == whole.broken);
  }
  return 0;
}
