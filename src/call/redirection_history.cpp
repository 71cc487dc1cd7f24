#include "call/redirection_history.hpp"

#include "sip/uri.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace callwright::call {
namespace {

struct CauseForm {
  std::string_view diversion;  ///< RFC 5806 §4.
  std::string_view history;    ///< RFC 3326, RFC 7044 §5.1; "" for none.
};

constexpr CauseForm kForms[] = {
    {"unconditional", "SIP;cause=302"}, {"user-busy", "SIP;cause=486"}, {"no-answer", "SIP;cause=408"}, {"unavailable", "SIP;cause=480"}, {"follow-me", ""},
    {"deflection", "SIP;cause=480"}};

/// Without parameters, which are between the caller and the exchange.
std::string plain(const std::string& text) {
  auto uri = sip::UriView::parse(text);
  if (!uri) {
    return text;
  }
  uri->parameters = {};
  uri->headers = {};
  uri->password = {};
  return uri->to_string();
}

}  // namespace

RedirectionHistory::RedirectionHistory(std::vector<sip::Diversion> diversions, std::vector<sip::HistoryEntry> entries)
    : diversions_(std::move(diversions)), entries_(std::move(entries)) {
  diversions_.resize(std::min(diversions_.size(), kMaxKept));
  entries_.resize(std::min(entries_.size(), kMaxKept));
  known_ = entries_.size();
}

void RedirectionHistory::note(const std::string& from, const std::string& to, Cause cause) {
  const CauseForm& form = kForms[static_cast<std::size_t>(cause)];
  const std::string from_uri = plain(from);
  diversions_.insert(diversions_.begin(), sip::Diversion{from_uri, std::string(form.diversion)});
  if (entries_.empty()) {
    entries_.push_back({from_uri, "1"});
    known_ = 1;
  } else if (entries_.back().uri != from_uri) {
    entries_.push_back({from_uri, entries_.back().index + ".1"});
  }
  sip::HistoryEntry& left = entries_.back();
  if (!form.history.empty()) {
    left.uri += "?Reason=" + sip::escape_header_value(form.history);
  }
  entries_.push_back({plain(to), left.index + ".1"});
}

std::string RedirectionHistory::lines() const {
  std::string lines;
  for (const sip::Diversion& diversion : diversions_) {
    sip::append_header(lines, "Diversion", diversion.to_string());
  }
  for (std::size_t number = 0; number < entries_.size(); ++number) {
    // RFC 7044 §5.1: `mp` names the entry whose user has sent the call there.
    const std::string mapped = number < known_ || number == 0 ? std::string() : ";mp=" + entries_[number - 1].index;
    sip::append_header(lines, "History-Info", entries_[number].to_string() + mapped);
  }
  return lines;
}

}  // namespace callwright::call
