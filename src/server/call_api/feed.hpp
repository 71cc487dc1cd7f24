#pragma once

#include "call/event.hpp"
#include "server/call_api/call_book.hpp"
#include "server/call_api/transit.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::server::call_api {

/// Where the events of a feed come from. Web thread.
class FeedSource {
 public:
  virtual ~FeedSource() = default;
  /// Without readers events may come late.
  virtual void set_read(bool read) = 0;
  /// All that has happened is noted now.
  virtual void catch_up() = 0;
};

/// Takes what clients may hear of the journal over to the web thread, and passes all of it on.
class FeedTap final : public call::EventSink, public FeedSource {
 public:
  struct Tapped {
    std::shared_ptr<const call::Event> event;
    std::uint64_t lost = 0;  ///< So many before it found no room on the way.
  };

  /// `next` outlives this. `sink` is called on the web thread and, like this, outlives all that was posted.
  FeedTap(call::EventSink& next, PostToWeb to_web, Transit<Tapped>::Sink sink, std::size_t capacity = 65536)
      : next_(next), transit_(std::move(to_web), capacity, "events of calls", std::move(sink)) {}

  /// Engine thread.
  void on_event(const call::Event& event) override;

  void set_read(bool read) override { transit_.set_awaited(read); }
  void catch_up() override { transit_.catch_up(); }

 private:
  call::EventSink& next_;
  Transit<Tapped> transit_;
  std::uint64_t lost_ = 0;  ///< Since the last that was carried.
};

/// What somebody wants to hear of.
struct FeedFilter {
  enum class What : std::uint8_t { Everything, Calls, Registrations };
  What what = What::Everything;
  std::string call_id;  ///< Of either leg; "": any.
  std::string user;     ///< Who is registered, calls or is called; "": anybody.
};

/// Hears of what happens.
class FeedReader {
 public:
  virtual ~FeedReader() = default;
  /// `data` is a JSON object. May not add readers or remove them.
  virtual void on_feed(std::string_view event, std::string_view data) = 0;
};

/// What happens at the exchange, numbered, so that whoever was away for a while can go on where he was. Web thread.
class Feed {
 public:
  /// `id` names this run of the server, such as a random token. The latest `remembered` events are kept.
  explicit Feed(std::string id, std::size_t remembered = 10'000) : id_(std::move(id)), remembered_(remembered) {}

  /// An event that came over from the engine; so many before it did not, which readers are told of as "Missed".
  void note(std::shared_ptr<const call::Event> event, std::uint64_t lost = 0);
  /// From here on events are noted from there, which outlives this.
  void follow(FeedSource& source);
  /// Notes all that has happened by now.
  void catch_up();
  [[nodiscard]] const CallBook& book() const noexcept { return book_; }
  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  /// Of the latest event; 0 before the first.
  [[nodiscard]] std::uint64_t latest() const noexcept { return latest_; }

  /// Where somebody who was here before wants to go on: behind event `seq` of the feed with that id.
  struct Position {
    std::string feed;
    std::uint64_t seq = 0;
  };
  /// It hears of everything from here on, and of what came behind `position` at once; of what is not known any more it hears as "Missed".
  void add(FeedReader& reader, FeedFilter filter, const std::optional<Position>& position);
  void remove(FeedReader& reader);
  [[nodiscard]] std::size_t readers() const noexcept { return readers_.size(); }

 private:
  static constexpr std::size_t kNoLeg = std::numeric_limits<std::size_t>::max();

  /// What an event tells clients; made into JSON when somebody wants to hear of it, since most of it nobody does.
  struct Entry {
    std::uint64_t seq = 0;
    std::shared_ptr<const call::Event> event;
    CallBook::Shared call;     ///< As it is now; null when the event was about none.
    std::size_t changes = 0;   ///< So many of the call had come with this event,
    std::size_t leg = kNoLeg;  ///< and this of its legs went to whoever had answered.
  };
  /// Of a call, as they were right behind an event.
  struct Names {
    std::string_view call_id;
    std::string_view leg;
    std::string_view caller;  ///< URIs.
    std::string_view callee;
  };
  struct Reader {
    FeedReader* reader;
    FeedFilter filter;
  };

  [[nodiscard]] static bool wants(const FeedFilter& filter, const Entry& entry);
  [[nodiscard]] static Names names_of(const Entry& entry);
  [[nodiscard]] static std::string data_of(const Entry& entry);
  void pass(FeedReader& reader, const FeedFilter& filter, std::uint64_t behind) const;

  const std::string id_;
  const std::size_t remembered_;
  FeedSource* source_ = nullptr;
  CallBook book_;
  std::uint64_t latest_ = 0;
  std::deque<Entry> entries_;  ///< By number; what was lost is not there.
  std::vector<Reader> readers_;
};

}  // namespace callwright::server::call_api
