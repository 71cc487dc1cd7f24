#include "sip/registrar.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

bool same_contact(std::string_view left, std::string_view right) {
  const auto left_uri = UriView::parse(left);
  const auto right_uri = UriView::parse(right);
  return left_uri && right_uri ? equivalent(*left_uri, *right_uri) : left == right;
}

}  // namespace

struct Registrar::User {
  User(Registrar& owner, std::string name)
      : registrar(owner), address_of_record(std::move(name)), expiry(owner.timers_, base::Callback::to<&User::on_expiry>(*this)) {}

  void on_expiry() {
    registrar.expire(*this);
    registrar.forget_if_empty(*this);
  }

  Registrar& registrar;
  std::string address_of_record;
  std::vector<Binding> bindings;
  base::Timer expiry;  ///< For the binding that ends first.
};

struct Registrar::Change {
  std::string contact;  ///< "*": all of them.
  std::chrono::seconds expires;
};

Registrar::Registrar(base::Timers& timers, Limits limits) : timers_(timers), limits_(limits) {}

Registrar::~Registrar() = default;

std::size_t Registrar::bindings() const noexcept {
  std::size_t count = 0;
  for (const auto& [name, user] : users_) {
    count += user->bindings.size();
  }
  return count;
}

std::vector<Binding> Registrar::lookup(std::string_view address_of_record) const {
  const auto found = users_.find(address_of_record);
  if (found == users_.end()) {
    return {};
  }
  std::vector<Binding> bindings = found->second->bindings;
  std::reverse(bindings.begin(), bindings.end());
  return bindings;
}

base::Result<std::vector<Registrar::Change>> Registrar::read_changes(const Message& request, int& status) const {
  const auto header = parse_number(request.header(Header::Expires).value_or(std::string_view{}));
  const std::chrono::seconds standard = header ? std::chrono::seconds(*header) : limits_.default_expires;
  std::vector<Change> changes;
  bool valid = true;
  request.for_each_value(Header::Contact, [&](std::string_view value) {
    const auto contact = NameAddr::parse(value);
    if (!contact || (!contact->wildcard && !UriView::parse(contact->uri)) || changes.size() > limits_.bindings_per_user) {
      valid = false;
      return false;
    }
    const auto own = parse_number(contact->parameters.find("expires").value_or(std::string_view{}));
    changes.push_back({contact->wildcard ? "*" : std::string(contact->uri), own ? std::chrono::seconds(*own) : standard});
    return true;
  });
  const bool wildcard = std::any_of(changes.begin(), changes.end(), [](const Change& change) { return change.contact == "*"; });
  // RFC 3261 §10.3 step 6: "*" stands alone and only with Expires: 0.
  if (!valid || (wildcard && (changes.size() != 1 || changes.front().expires.count() != 0))) {
    status = 400;
    return base::Error(base::Errc::InvalidArgument, "Bad Contact");
  }
  for (Change& change : changes) {
    if (change.expires.count() != 0 && change.expires < limits_.minimum_expires) {
      status = 423;
      return base::Error(base::Errc::InvalidArgument, "Interval Too Brief");
    }
    change.expires = std::min(change.expires, limits_.maximum_expires);
  }
  return changes;
}

bool Registrar::in_order(const User& user, const std::vector<Change>& changes, const Message& request) const {
  for (const Binding& binding : user.bindings) {
    const bool touched = std::any_of(changes.begin(), changes.end(),
                                     [&](const Change& change) { return change.contact == "*" || same_contact(change.contact, binding.contact); });
    if (touched && binding.call_id == request.call_id() && request.cseq().number <= binding.cseq) {
      return false;
    }
  }
  return true;
}

void Registrar::handle(ServerTransaction& transaction, const Message& request, const std::string& address_of_record) {
  int status = 0;
  auto changes = read_changes(request, status);
  if (!changes) {
    const std::string minimum = "Min-Expires: " + std::to_string(limits_.minimum_expires.count()) + "\r\n";
    transaction.respond({.status = status, .reason = changes.error().detail, .headers = status == 423 ? std::string_view(minimum) : std::string_view{}});
    return;
  }
  auto& user = users_[address_of_record];
  if (user == nullptr) {
    user = std::make_unique<User>(*this, address_of_record);
  }
  std::vector<Binding> changed = apply(user->bindings, *changes, request, transaction.flow());
  if (!in_order(*user, *changes, request)) {
    transaction.respond({.status = 500, .reason = "CSeq out of order"});
  } else if (changed.size() > limits_.bindings_per_user && changed.size() > user->bindings.size()) {
    transaction.respond({.status = 403, .reason = "Too many bindings"});
  } else {
    user->bindings = std::move(changed);
    expire(*user);
    const std::string lines = contact_lines(*user);
    transaction.respond({.status = 200, .headers = lines});
  }
  forget_if_empty(*user);
}

std::vector<Binding> Registrar::apply(std::vector<Binding> bindings, const std::vector<Change>& changes, const Message& request, const Flow& flow) const {
  const base::TimePoint now = timers_.clock().now();
  for (const Change& change : changes) {
    std::erase_if(bindings, [&](const Binding& binding) { return change.contact == "*" || same_contact(binding.contact, change.contact); });
    if (change.expires.count() != 0) {
      bindings.push_back({change.contact, flow, std::string(request.call_id()), request.cseq().number, now + change.expires});
    }
  }
  return bindings;
}

std::string Registrar::contact_lines(const User& user) const {
  const base::TimePoint now = timers_.clock().now();
  std::string lines;
  for (const Binding& binding : user.bindings) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(binding.expires - now).count();
    lines.append("Contact: <").append(binding.contact).append(">;expires=").append(std::to_string(left)).append("\r\n");
  }
  return lines;
}

void Registrar::expire(User& user) {
  const base::TimePoint now = timers_.clock().now();
  std::erase_if(user.bindings, [now](const Binding& binding) { return binding.expires <= now; });
  if (user.bindings.empty()) {
    user.expiry.cancel();
    return;
  }
  const auto first =
      std::min_element(user.bindings.begin(), user.bindings.end(), [](const Binding& left, const Binding& right) { return left.expires < right.expires; });
  user.expiry.start(first->expires - now);
}

void Registrar::forget_if_empty(User& user) {
  if (user.bindings.empty()) {
    users_.erase(std::string(user.address_of_record));
  }
}

}  // namespace callwright::sip
