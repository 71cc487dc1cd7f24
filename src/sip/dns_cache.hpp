#pragma once

#include "base/clock.hpp"
#include "sip/resolver.hpp"
#include "sip/transaction_layer.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace callwright::sip {

/// Remembers what a DnsPort says for as long as it holds, also that there is nothing (RFC 2308); equal questions at the same time are asked once.
/// The least recently used goes when it is full. Failures of servers are not remembered. Answers may come from within the call.
class DnsCache final : public Resolver {
 public:
  struct Limits {
    std::size_t remembered = 10'000;                             ///< Questions.
    std::size_t under_way = 1'000;                               ///< Beyond it: Errc::LimitReached.
    base::Duration longest = std::chrono::minutes(5);            ///< A longer time to live is cut to this,
    base::Duration longest_negative = std::chrono::seconds(30);  ///< or to this when there are no records.
  };

  DnsCache(DnsPort& port, const base::Clock& clock, Limits limits) : port_(port), clock_(clock), limits_(limits) {}

  void query(DnsKind kind, const std::string& name, Answer answer) override;
  void resolve(const std::string& host, Handler handler) override;
  [[nodiscard]] std::size_t remembered() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    DnsRecords records;
    base::TimePoint expires;
  };
  using Entries = std::list<Entry>;  ///< The latest used first.

  void on_answer(const std::string& key, const base::Result<DnsRecords>& answer);
  void remember(const std::string& key, const DnsRecords& records);
  void forget(Entries::iterator entry);

  DnsPort& port_;
  const base::Clock& clock_;
  Limits limits_;
  Entries entries_;
  StringMap<Entries::iterator> by_key_;
  StringMap<std::vector<Answer>> waiting_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  ///< Lets an answer find out that the cache is gone.
};

}  // namespace callwright::sip
