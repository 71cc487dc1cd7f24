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
    using Importance = decltype(transit_)::Importance;
    const auto importance = is_needed(event) ? Importance::Needed : Importance::Dispensable;
    const bool carried = transit_.carry(importance, {std::make_shared<const call::Event>(event), lost_});
    lost_ = carried ? 0 : lost_ + 1;
  }
}

/// Goes back from the call as it is by now.
Feed::Names Feed::names_of(const Entry& entry) {
  const BookedCall& call = *entry.call;
  Names names{.call_id = call.call_id, .leg = {}, .caller = call.caller, .callee = call.callee};
  for (std::size_t change = call.changes.size(); change > entry.changes; --change) {
    if (const auto* const replaced = std::get_if<BookedCall::Replaced>(&call.changes[change - 1].what)) {
      (replaced->side == call::Side::Caller ? names.caller : names.callee) = replaced->former;
      names.call_id = replaced->call_id;
    }
  }
  if (entry.leg < call.legs.size()) {
    names.leg = call.legs[entry.leg].call_id;
  }
  return names;
}

std::string Feed::data_of(const Entry& entry) {
  Json::Object members;
  members.push_back({"seq", json_number(entry.seq)});
  members.push_back({"time", json_text(to_text(entry.event->time))});
  if (const auto* const contact = std::get_if<call::ContactChanged>(&entry.event->what)) {
    members.push_back({"user", json_text(contact->user)});
    members.push_back({"contact", json_text(contact->contact)});
  } else {
    const Names names = names_of(entry);
    members.push_back({"callid", json_text(std::string(names.call_id))});
    members.push_back({"caller", json_text(std::string(names.caller))});
    members.push_back({"callee", json_text(std::string(names.callee))});
    if (!names.leg.empty()) {
      members.push_back({"leg", json_text(std::string(names.leg))});
    }
    add_details(members, *entry.event);
  }
  return text_of(std::move(members));
}

void Feed::follow(FeedSource& source) {
  source_ = &source;
  source.set_read(!readers_.empty());
}

void Feed::catch_up() {
  if (source_ != nullptr) {
    source_->catch_up();
  }
}

void Feed::note(std::shared_ptr<const call::Event> event, std::uint64_t lost) {
  if (lost != 0) {
    const std::string missed = missed_data(latest_ + 1, latest_ + lost);
    latest_ += lost;
    for (const Reader& reader : readers_) {
      reader.reader->on_feed(kMissed, missed);
    }
  }
  CallBook::Shared call = book_.note(*event);
  if (call == nullptr && !is_one_of<call::ContactChanged>(*event)) {
    return;
  }
  Entry made{.seq = ++latest_, .event = std::move(event), .call = std::move(call)};
  if (made.call != nullptr) {
    const auto& legs = made.call->legs;
    made.changes = made.call->changes.size();
    const auto leg = std::find_if(legs.begin(), legs.end(), [&made](const auto& other) { return other.call_id == made.call->leg; });
    if (leg != legs.end()) {
      made.leg = static_cast<std::size_t>(leg - legs.begin());
    }
  }
  std::string data;
  for (const Reader& reader : readers_) {
    if (wants(reader.filter, made)) {
      if (data.empty()) {
        data = data_of(made);
      }
      reader.reader->on_feed(name_of(*made.event), data);
    }
  }
  entries_.push_back(std::move(made));
  if (entries_.size() > remembered_) {
    entries_.pop_front();
  }
}

bool Feed::wants(const FeedFilter& filter, const Entry& entry) {
  using What = FeedFilter::What;
  if (filter.what != What::Everything && (filter.what == What::Registrations) != is_one_of<call::ContactChanged>(*entry.event)) {
    return false;
  }
  if (const auto* const contact = std::get_if<call::ContactChanged>(&entry.event->what)) {
    return filter.call_id.empty() && (filter.user.empty() || filter.user == contact->user);
  }
  if (filter.call_id.empty() && filter.user.empty()) {
    return true;
  }
  const Names names = names_of(entry);
  if (!filter.call_id.empty() && filter.call_id != names.call_id && filter.call_id != names.leg && filter.call_id != entry.event->call_id) {
    return false;
  }
  return filter.user.empty() || filter.user == user_in(names.caller) || filter.user == user_in(names.callee);
}

void Feed::add(FeedReader& reader, FeedFilter filter, const std::optional<Position>& position) {
  if (source_ != nullptr) {
    source_->set_read(true);
    source_->catch_up();  // Nothing from before comes after what is told next.
  }
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
      reader.on_feed(name_of(*entry->event), data_of(*entry));
    }
  }
  if (next <= latest_) {
    reader.on_feed(kMissed, missed_data(next, latest_));
  }
}

void Feed::remove(FeedReader& reader) {
  std::erase_if(readers_, [&reader](const Reader& known) { return known.reader == &reader; });
  if (source_ != nullptr) {
    source_->set_read(!readers_.empty());
  }
}

}  // namespace callwright::server::call_api
