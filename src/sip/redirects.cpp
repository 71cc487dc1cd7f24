#include "sip/redirects.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {

unsigned q_of(const NameAddr& contact) {
  const auto text = contact.parameters.find("q");
  if (!text) {
    return 1000;
  }
  if (text->empty() || (text->front() != '0' && text->front() != '1') || text->size() > 5) {
    return 0;
  }
  unsigned value = static_cast<unsigned>(text->front() - '0') * 1000;
  unsigned unit = 100;
  for (std::size_t at = 1; at < text->size(); ++at) {
    const char digit = (*text)[at];
    if (at == 1 && digit == '.') {
      continue;
    }
    if (at == 1 || digit < '0' || digit > '9') {
      return 0;
    }
    value += static_cast<unsigned>(digit - '0') * unit;
    unit /= 10;
  }
  return std::min(value, 1000U);
}

Redirects::Redirects(RedirectPolicy policy, std::string_view first_uri) : policy_(policy) { known_.emplace_back(first_uri); }

bool Redirects::known(const UriView& uri) const {
  return std::any_of(known_.begin(), known_.end(), [&uri](const std::string& text) {
    const auto other = UriView::parse(text);
    return other && equivalent(*other, uri);
  });
}

std::optional<Redirects::Candidate> Redirects::candidate(std::string_view contact) const {
  const auto parsed = NameAddr::parse(contact);
  auto uri = parsed && !parsed->wildcard ? UriView::parse(parsed->uri) : base::Result<UriView>(base::Error(base::Errc::InvalidArgument, ""));
  const auto first = UriView::parse(known_.front());
  if (!uri || !first || uri->scheme == UriView::Scheme::Tel || known(*uri)) {
    return std::nullopt;
  }
  const bool less_secure = first->scheme == UriView::Scheme::Sips && uri->scheme != UriView::Scheme::Sips;
  const bool elsewhere = policy_ == RedirectPolicy::SameDomain && !equals_ignoring_case(uri->host, first->host);
  if (less_secure || elsewhere) {
    return std::nullopt;
  }
  // Header fields and a method are for the sender to say, not for the one who redirects.
  uri->headers = {};
  return Candidate{uri->to_string(), q_of(*parsed)};
}

void Redirects::add(const Message& response) {
  std::vector<Candidate> found;
  if (known_.size() > kMaxTargets) {
    return;
  }
  response.for_each_value(Header::Contact, [&](std::string_view value) {
    if (auto one = candidate(value)) {
      known_.push_back(one->uri);
      found.push_back(std::move(*one));
    }
    return known_.size() <= kMaxTargets;  // The first URI is one of them.
  });
  std::stable_sort(found.begin(), found.end(), [](const Candidate& left, const Candidate& right) { return left.q > right.q; });
  for (auto one = found.rbegin(); one != found.rend(); ++one) {
    left_.push_front(std::move(one->uri));
  }
}

std::optional<std::string> Redirects::next() {
  if (left_.empty()) {
    return std::nullopt;
  }
  std::string uri = std::move(left_.front());
  left_.pop_front();
  return uri;
}

}  // namespace callwright::sip
