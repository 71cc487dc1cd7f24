#include "server/call_api/feed.hpp"

#include "server/call_api/json_values.hpp"
#include "sip/uri.hpp"

#include <algorithm>
#include <utility>

namespace callwright::server::call_api {
namespace {

template <class... Whats>
bool is_one_of(const call::Event& event) {
  return (std::holds_alternative<Whats>(event.what) || ...);
}

/// Nothing else is told; above all no keys, of phones or of media.
bool is_for_clients(const call::Event& event) {
  return is_one_of<call::CallStarted, call::CallOffered, call::CallRinging, call::CallAnswered, call::CallHeld, call::CallReplaced, call::CallEnded,
                   call::MediaEnded, call::ContactChanged>(event);
}

/// Without them the book of calls would be wrong for ever.
bool is_needed(const call::Event& event) {
  return is_one_of<call::CallStarted, call::CallOffered, call::CallReplaced, call::CallEnded, call::ContactChanged>(event);
}

std::string user_in(std::string_view uri) { return sip::unescape(sip::user_of(uri)); }

std::string_view name_of(const call::Event& event) {
  if (const auto* const contact = std::get_if<call::ContactChanged>(&event.what)) {
    static constexpr std::string_view kNames[] = {"PhoneLost", "PhoneBack", "Registered", "Unregistered"};
    return kNames[static_cast<std::size_t>(contact->now)];
  }
  if (is_one_of<call::CallStarted>(event)) return "CallStarted";
  if (is_one_of<call::CallOffered>(event)) return "CallIncoming";
  if (is_one_of<call::CallRinging>(event)) return "CallRinging";
  if (is_one_of<call::CallAnswered>(event)) return "CallAnswered";
  if (is_one_of<call::CallHeld>(event)) return "CallHeld";
  if (is_one_of<call::CallReplaced>(event)) return "CallReplaced";
  return is_one_of<call::CallEnded>(event) ? "CallEnded" : "MediaEnded";
}

/// What the event adds to what is known of the call.
void add_details(Json::Object& members, const call::Event& event) {
  if (const auto* const ended = std::get_if<call::CallEnded>(&event.what)) {
    members.push_back({"status", json_number(static_cast<std::uint64_t>(std::max(ended->status, 0)))});
    members.push_back({"reason", json_text(ended->reason)});
  } else if (const auto* const held = std::get_if<call::CallHeld>(&event.what)) {
    Json::Array parties;
    if (held->caller) parties.push_back(json_text("caller"));
    if (held->callee) parties.push_back(json_text("callee"));
    members.push_back({"held", Json{std::move(parties)}});
  } else if (const auto* const media = std::get_if<call::MediaEnded>(&event.what)) {
    members.push_back({"media", to_json(*media)});
  } else if (const auto* const offered = std::get_if<call::CallOffered>(&event.what)) {
    members.push_back({"name", json_text(offered->caller_name)});
  } else if (is_one_of<call::CallReplaced>(event)) {
    members.push_back({"former", json_text(event.call_id)});
  }
}

constexpr std::string_view kMissed = "Missed";

std::string text_of(Json::Object members) {
  std::string text;
  append_json(text, Json{std::move(members)}, MemberOrder::Sorted);
  return text;
}

std::string missed_data(std::uint64_t from, std::uint64_t to) {
  Json::Object members;
  members.push_back({"from", json_number(from)});
  members.push_back({"to", json_number(to)});
  return text_of(std::move(members));
}

}  // namespace

void FeedTap::on_event(const call::Event& event) {
  next_.on_event(event);
  if (is_for_clients(event)) {
    const auto importance = is_needed(event) ? Transit::Importance::Needed : Transit::Importance::Dispensable;
    const bool carried = transit_.carry(importance, [this, event = call::Event(event), lost = lost_]() mutable { sink_(std::move(event), lost); });
    lost_ = carried ? 0 : lost_ + 1;
  }
}

std::optional<Feed::Entry> Feed::entry_of(call::Event event) {
  const BookedCall* const call = book_.note(event);
  if (is_one_of<call::ContactChanged>(event)) {
    return Entry{.seq = latest_ + 1, .event = std::move(event), .call_id = {}, .leg = {}, .caller = {}, .callee = {}};
  }
  if (call == nullptr) {
    return std::nullopt;
  }
  return Entry{.seq = latest_ + 1, .event = std::move(event), .call_id = call->call_id, .leg = call->leg, .caller = call->caller, .callee = call->callee};
}

std::string Feed::data_of(const Entry& entry) {
  Json::Object members;
  members.push_back({"seq", json_number(entry.seq)});
  members.push_back({"time", json_text(to_text(entry.event.time))});
  if (const auto* const contact = std::get_if<call::ContactChanged>(&entry.event.what)) {
    members.push_back({"user", json_text(contact->user)});
    members.push_back({"contact", json_text(contact->contact)});
  } else {
    members.push_back({"callid", json_text(entry.call_id)});
    members.push_back({"caller", json_text(entry.caller)});
    members.push_back({"callee", json_text(entry.callee)});
    if (!entry.leg.empty()) {
      members.push_back({"leg", json_text(entry.leg)});
    }
    add_details(members, entry.event);
  }
  return text_of(std::move(members));
}

void Feed::note(call::Event event, std::uint64_t lost) {
  if (lost != 0) {
    const std::string missed = missed_data(latest_ + 1, latest_ + lost);
    latest_ += lost;
    for (const Reader& reader : readers_) {
      reader.reader->on_feed(kMissed, missed);
    }
  }
  auto made = entry_of(std::move(event));
  if (!made) {
    return;
  }
  ++latest_;
  std::string data;
  for (const Reader& reader : readers_) {
    if (wants(reader.filter, *made)) {
      if (data.empty()) {
        data = data_of(*made);
      }
      reader.reader->on_feed(name_of(made->event), data);
    }
  }
  entries_.push_back(std::move(*made));
  if (entries_.size() > remembered_) {
    entries_.pop_front();
  }
}

bool Feed::wants(const FeedFilter& filter, const Entry& entry) {
  using What = FeedFilter::What;
  if (filter.what != What::Everything && (filter.what == What::Registrations) != is_one_of<call::ContactChanged>(entry.event)) {
    return false;
  }
  if (!filter.call_id.empty() && filter.call_id != entry.call_id && filter.call_id != entry.leg && filter.call_id != entry.event.call_id) {
    return false;
  }
  if (filter.user.empty()) {
    return true;
  }
  if (const auto* const contact = std::get_if<call::ContactChanged>(&entry.event.what)) {
    return filter.user == contact->user;
  }
  return filter.user == user_in(entry.caller) || filter.user == user_in(entry.callee);
}

void Feed::add(FeedReader& reader, FeedFilter filter, const std::optional<Position>& position) {
  if (position && !position->feed.empty() && position->feed != id_) {
    Json::Object other;
    other.push_back({"feed", json_text(position->feed)});  // Of another run nobody knows how many they were.
    reader.on_feed(kMissed, text_of(std::move(other)));
    pass(reader, filter, entries_.empty() ? latest_ : entries_.front().seq - 1);
  } else if (position) {
    pass(reader, filter, std::min(position->seq, latest_));
  }
  readers_.push_back({&reader, std::move(filter)});
}

/// What is known of all behind event `behind`.
void Feed::pass(FeedReader& reader, const FeedFilter& filter, std::uint64_t behind) const {
  auto entry = std::upper_bound(entries_.begin(), entries_.end(), behind, [](std::uint64_t seq, const Entry& other) { return seq < other.seq; });
  std::uint64_t next = behind + 1;
  for (; entry != entries_.end(); ++entry) {
    if (entry->seq != next) {
      reader.on_feed(kMissed, missed_data(next, entry->seq - 1));
    }
    next = entry->seq + 1;
    if (wants(filter, *entry)) {
      reader.on_feed(name_of(entry->event), data_of(*entry));
    }
  }
  if (next <= latest_) {
    reader.on_feed(kMissed, missed_data(next, latest_));
  }
}

void Feed::remove(FeedReader& reader) {
  std::erase_if(readers_, [&reader](const Reader& known) { return known.reader == &reader; });
}

}  // namespace callwright::server::call_api
