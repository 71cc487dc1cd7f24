#include "sip/dns_cache.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

std::string key_of(DnsKind kind, const std::string& name) { return std::string(1, static_cast<char>('0' + static_cast<int>(kind))) + name; }

}  // namespace

void DnsCache::query(DnsKind kind, const std::string& name, Answer answer) {
  std::string key = key_of(kind, name);
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    if (known->second->expires > clock_.now()) {
      entries_.splice(entries_.begin(), entries_, known->second);
      const DnsRecords records = known->second->records;  // The answer may make the cache forget it.
      answer(records);
      return;
    }
    forget(known->second);
  }
  if (const auto asked = waiting_.find(key); asked != waiting_.end()) {
    asked->second.push_back(std::move(answer));
    return;
  }
  if (waiting_.size() >= limits_.under_way) {
    answer(base::Error(base::Errc::LimitReached, "Too many names are being looked up; try again later."));
    return;
  }
  waiting_[key].push_back(std::move(answer));
  port_.query(kind, name, [this, alive = std::weak_ptr<char>(alive_), key = std::move(key)](const base::Result<DnsRecords>& records) {
    if (!alive.expired()) {
      on_answer(key, records);
    }
  });
}

void DnsCache::on_answer(const std::string& key, const base::Result<DnsRecords>& answer) {
  const auto asked = waiting_.find(key);
  if (asked == waiting_.end()) {
    return;
  }
  const std::vector<Answer> answers = std::move(asked->second);
  waiting_.erase(asked);
  if (answer) {
    remember(key, *answer);
  }
  for (const Answer& one : answers) {
    one(answer);
  }
}

void DnsCache::remember(const std::string& key, const DnsRecords& records) {
  const auto lifetime = std::min<base::Duration>(records.ttl, records.empty() ? limits_.longest_negative : limits_.longest);
  if (lifetime <= base::Duration::zero() || limits_.remembered == 0) {
    return;
  }
  if (entries_.size() >= limits_.remembered) {
    forget(std::prev(entries_.end()));
  }
  entries_.push_front({key, records, clock_.now() + lifetime});
  by_key_[key] = entries_.begin();
}

void DnsCache::forget(Entries::iterator entry) {
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

void DnsCache::resolve(const std::string& host, Handler handler) {
  query(DnsKind::Addresses, host, [host, handler = std::move(handler)](const base::Result<DnsRecords>& records) {
    if (!records) {
      handler(records.error());
    } else if (records->addresses.empty()) {
      handler(base::Error(base::Errc::NotFound, "The host name " + host + " does not exist. Check its spelling."));
    } else {
      handler(records->addresses);
    }
  });
}

}  // namespace callwright::sip
