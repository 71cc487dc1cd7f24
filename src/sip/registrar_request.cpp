// What a REGISTER asks for, and whether it may (RFC 3261 §10.3, RFC 3327, RFC 5626 §6).
#include "sip/redirects.hpp"
#include "sip/registrar_user.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

// A binding costs memory for as long as it lives; nobody needs more.
constexpr std::size_t kMaxContact = 1'024;
constexpr std::size_t kMaxCallId = 256;
constexpr std::size_t kMaxPath = 8;
constexpr std::size_t kMaxPathValue = 512;

bool same_contact(std::string_view left, std::string_view right) {
  if (left == right) {
    return true;
  }
  const auto left_uri = UriView::parse(left);
  const auto right_uri = UriView::parse(right);
  return left_uri && right_uri && equivalent(*left_uri, *right_uri);
}

/// RFC 5626 §6: the phone is at the other end of the flow, or the edge proxy there says that it keeps the flow.
bool keeps_flow(const Message& request, const std::vector<std::string>& path) {
  std::size_t hops = 0;
  request.for_each_value(Header::Via, [&hops](std::string_view) { return ++hops < 2; });
  if (hops < 2) {
    return true;
  }
  const auto edge = path.empty() ? base::Result<NameAddr>(base::Error(base::Errc::NotFound, "")) : NameAddr::parse(path.back());
  const auto uri = edge ? UriView::parse(edge->uri) : base::Result<UriView>(edge.error());
  return uri && uri->has_parameter("ob");
}

}  // namespace

bool Registrar::Change::concerns(const Binding& binding) const {
  if (contact == "*") {
    return true;
  }
  if (reg_id != 0 || binding.outbound()) {
    return reg_id != 0 && binding.outbound() && binding.details->reg_id == reg_id && binding.details->instance == instance;
  }
  return same_contact(binding.contact, contact);
}

bool Registrar::read(const Message& request, Asked& asked, Refusal& refusal) const {
  refusal = {.status = 400, .reason = "Bad Contact", .headers = {}};
  bool good = request.call_id().size() <= kMaxCallId;
  request.for_each_value(Header::Path, [&](std::string_view value) {
    good = good && asked.path.size() < kMaxPath && value.size() <= kMaxPathValue && NameAddr::parse(value) && is_header_safe(value);
    asked.path.emplace_back(value);
    return good;
  });
  if (!good) {
    refusal.reason = "Bad Path or Call-ID";
    return false;
  }
  const bool outbound = request.lists(Header::Supported, "outbound") || request.lists(Header::Require, "outbound");
  asked.gruu = request.lists(Header::Supported, "gruu") || request.lists(Header::Require, "gruu");
  asked.path_known = request.lists(Header::Supported, "path") || request.lists(Header::Require, "path");
  asked.outbound = outbound && keeps_flow(request, asked.path);
  const auto header = parse_number(request.header(Header::Expires).value_or(std::string_view{}));
  const std::chrono::seconds standard = header ? std::chrono::seconds(*header) : limits_.default_expires;
  request.for_each_value(Header::Contact, [&](std::string_view value) {
    const auto contact = NameAddr::parse(value);
    good = contact && asked.changes.size() < 2 * limits_.bindings_per_user && read_change(*contact, standard, asked, refusal);
    return good;
  });
  const auto flows = std::count_if(asked.changes.begin(), asked.changes.end(), [](const Change& change) { return change.reg_id != 0; });
  const bool wildcard = std::any_of(asked.changes.begin(), asked.changes.end(), [](const Change& change) { return change.contact == "*"; });
  // RFC 3261 §10.3 step 6: "*" stands alone and only with Expires: 0.
  if (!good || flows > 1 || (wildcard && (asked.changes.size() != 1 || asked.changes.front().expires.count() != 0))) {
    return false;
  }
  if (flows == 1 && !asked.outbound && outbound) {
    refusal = {.status = 439, .reason = "First Hop Lacks Outbound Support", .headers = {}};
    return false;
  }
  if (!asked.outbound && flows == 1) {
    asked.changes.front().reg_id = 0;
  }
  return true;
}

bool Registrar::read_change(const NameAddr& contact, std::chrono::seconds standard, Asked& asked, Refusal& refusal) const {
  if (!contact.wildcard && (contact.uri.size() > kMaxContact || !UriView::parse(contact.uri))) {
    return false;
  }
  const auto own = parse_number(contact.parameters.find("expires").value_or(std::string_view{}));
  Change change{.contact = contact.wildcard ? "*" : std::string(contact.uri), .expires = own ? std::chrono::seconds(*own) : standard, .instance = {}};
  change.q = q_of(contact);
  if (const auto instance = contact.parameters.find("+sip.instance"); instance && is_instance(*instance)) {
    change.instance = *instance;
    change.reg_id = parse_number(contact.parameters.find("reg-id").value_or(std::string_view{})).value_or(0);
  }
  if (change.expires.count() != 0 && change.expires < limits_.minimum_expires) {
    refusal = {.status = 423, .reason = "Interval Too Brief", .headers = "Min-Expires: " + std::to_string(limits_.minimum_expires.count()) + "\r\n"};
    return false;
  }
  change.expires = std::min(change.expires, limits_.maximum_expires);
  asked.changes.push_back(std::move(change));
  return true;
}

bool Registrar::admit(const User& user, const Asked& asked, const Message& request, const std::vector<Binding>& changed, Refusal& refusal) const {
  for (const Binding& binding : user.bindings) {
    const bool late = binding.call_id == request.call_id() && request.cseq().number <= binding.cseq;
    if (late && std::any_of(asked.changes.begin(), asked.changes.end(), [&binding](const Change& change) { return change.concerns(binding); })) {
      refusal = {.status = 500, .reason = "CSeq out of order", .headers = {}};
      return false;
    }
  }
  if (changed.size() <= user.bindings.size()) {
    return true;
  }
  if (changed.size() > limits_.bindings_per_user) {
    refusal = {.status = 403, .reason = "Too many bindings", .headers = {}};
    return false;
  }
  if (bindings_ + changed.size() - user.bindings.size() > limits_.bindings) {
    refusal = {.status = 503, .reason = {}, .headers = "Retry-After: 60\r\n"};
    return false;
  }
  return true;
}

std::vector<Binding> Registrar::apply(const std::vector<Binding>& bindings, const Asked& asked, const Message& request, const Flow& flow) const {
  const base::TimePoint now = timers_.clock().now();
  std::vector<Binding> changed = bindings;
  for (const Change& change : asked.changes) {
    Reach reach;
    for (const Binding& binding : changed) {
      // A refresh says nothing about the way back; a new flow is another way.
      reach = change.concerns(binding) && binding.contact == change.contact && binding.flow == flow ? binding.reach : reach;
    }
    std::erase_if(changed, [&change](const Binding& binding) { return change.concerns(binding); });
    if (change.expires.count() == 0) {
      continue;
    }
    std::shared_ptr<const BindingDetails> details;
    if (!asked.path.empty() || !change.instance.empty()) {
      details = std::make_shared<BindingDetails>(BindingDetails{asked.path, change.instance, change.reg_id});
    }
    changed.push_back({change.contact, flow, std::string(request.call_id()), request.cseq().number, change.q, reach, now + change.expires, std::move(details)});
  }
  return changed;
}

}  // namespace callwright::sip
