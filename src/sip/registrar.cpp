#include "sip/registrar.hpp"

#include "base/log.hpp"
#include "sip/registrar_user.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

/// A connection with a proxy on the way is not the phone's.
bool is_reached_over(const Binding& binding) { return binding.flow.connection && !binding.has_path(); }

/// Of a WebSocket phone nothing but its connection can be reached (RFC 7118 §5.2).
bool ends_with_connection(const Binding& binding) { return binding.outbound() || is_websocket(binding.flow.transport) || binding.translated(); }

/// The host of the address of record, for its GRUUs.
std::string_view domain_of(const Message& request) {
  const auto uri = UriView::parse(request.to().uri);
  return uri ? uri->host : std::string_view{};
}

}  // namespace

bool Binding::translated() const {
  const auto uri = UriView::parse(contact);
  const auto ip = uri ? base::IpAddress::parse(uri->host) : base::Result<base::IpAddress>(uri.error());
  return !ip || *ip != flow.remote.ip;
}

Registrar::Registrar(base::Timers& timers, base::Random& random, Limits limits)
    : timers_(timers), random_(random), limits_(std::move(limits)), temporary_(random) {}

Registrar::~Registrar() = default;

void Registrar::handle(ServerTransaction& transaction, const Message& request, const std::string& address_of_record, std::string_view headers) {
  Asked asked;
  Refusal refusal;
  if (!read(request, asked, refusal)) {
    transaction.respond({.status = refusal.status, .reason = refusal.reason, .headers = refusal.headers});
    return;
  }
  auto& user = users_[address_of_record];
  if (user == nullptr) {
    user = std::make_unique<User>(*this, address_of_record);
  }
  std::vector<Binding> changed = apply(user->bindings, asked, request, transaction.flow());
  if (!admit(*user, asked, request, changed, refusal)) {
    transaction.respond({.status = refusal.status, .reason = refusal.reason, .headers = refusal.headers});
  } else {
    replace(*user, std::move(changed));
    std::string lines = answer_lines(*user, asked, request);
    lines.append(headers);
    transaction.respond({.status = 200, .headers = lines});
  }
  forget_if_empty(*user);
}

std::vector<Binding> Registrar::lookup(std::string_view address_of_record) const {
  const auto found = users_.find(address_of_record);
  if (found == users_.end()) {
    return {};
  }
  std::vector<Binding> bindings;
  const std::vector<Binding>& all = found->second->bindings;
  for (const bool lost : {false, true}) {
    for (auto binding = all.rbegin(); binding != all.rend(); ++binding) {
      const auto same_phone = [&binding](const Binding& other) {
        return binding->outbound() && other.outbound() && other.details->instance == binding->details->instance;
      };
      if (binding->reach.lost == lost && std::none_of(bindings.begin(), bindings.end(), same_phone)) {
        bindings.push_back(*binding);
      }
    }
  }
  std::stable_sort(bindings.begin(), bindings.end(), [](const Binding& left, const Binding& right) { return left.q > right.q; });
  return bindings;
}

std::vector<Binding> Registrar::lookup_gruu(const UriView& gruu, std::string_view address_of_record) const {
  std::string name(address_of_record);
  std::string instance;
  if (const auto named = gruu.parameter("gr"); named && !named->empty()) {
    instance = "<" + unescape(*named) + ">";
  } else if (const auto registration = temporary_.read(address_of_record)) {
    const auto found = by_gruu_.find(*registration);
    if (found == by_gruu_.end()) {
      return {};
    }
    for (const GruuInstance& one : *found->second->gruus) {
      if (one.registration == *registration) {
        name = found->second->address_of_record;
        instance = one.instance;
      }
    }
  }
  std::vector<Binding> bindings = lookup(name);
  std::erase_if(bindings,
                [&instance](const Binding& binding) { return instance.empty() || binding.details == nullptr || binding.details->instance != instance; });
  return bindings;
}

const Binding* Registrar::find(std::string_view address_of_record, std::string_view contact) const {
  const auto user = users_.find(address_of_record);
  if (user == users_.end()) {
    return nullptr;
  }
  const std::vector<Binding>& bindings = user->second->bindings;
  const auto found = std::find_if(bindings.begin(), bindings.end(), [contact](const Binding& binding) { return binding.contact == contact; });
  return found == bindings.end() ? nullptr : &*found;
}

void Registrar::set_reach(std::string_view address_of_record, std::string_view contact, const Reach& reach) {
  if (const auto user = users_.find(address_of_record); user != users_.end()) {
    for (Binding& binding : user->second->bindings) {
      binding.reach = binding.contact == contact ? reach : binding.reach;
    }
  }
}

void Registrar::on_flow_failed(const Flow& flow) {
  if (!flow.connection) {
    return;
  }
  std::vector<std::string> names;
  const auto [first, last] = by_connection_.equal_range(flow.connection.value);
  for (auto entry = first; entry != last; ++entry) {
    names.push_back(entry->second);
  }
  for (const std::string& name : names) {
    const auto found = users_.find(name);
    if (found == users_.end()) {
      continue;
    }
    User& user = *found->second;
    std::vector<Binding> left = user.bindings;
    const auto cut = [&flow](const Binding& binding) { return is_reached_over(binding) && binding.flow.connection == flow.connection; };
    if (std::erase_if(left, [&cut](const Binding& binding) { return cut(binding) && ends_with_connection(binding); }) != 0) {
      base::log::info("binding ended with its connection", {{"user", name}, {"remote", flow.remote.to_string()}});
    }
    for (Binding& binding : left) {
      binding.flow.connection = cut(binding) ? ConnectionId{} : binding.flow.connection;
    }
    replace(user, std::move(left));
    forget_if_empty(user);
  }
}

void Registrar::replace(User& user, std::vector<Binding> bindings) {
  for (const Binding& binding : user.bindings) {
    if (!is_reached_over(binding)) {
      continue;
    }
    const auto [first, last] = by_connection_.equal_range(binding.flow.connection.value);
    const auto mine = std::find_if(first, last, [&user](const auto& entry) { return entry.second == user.address_of_record; });
    if (mine != last) {
      by_connection_.erase(mine);
    }
  }
  for (const Binding& binding : bindings) {
    if (is_reached_over(binding)) {
      by_connection_.emplace(binding.flow.connection.value, user.address_of_record);
    }
  }
  bindings_ += bindings.size();
  bindings_ -= user.bindings.size();
  const bool came_or_went = bindings.empty() != user.bindings.empty();
  const std::vector<Binding> before = std::exchange(user.bindings, std::move(bindings));
  for (Watcher* const watcher : watchers_) {
    watcher->on_bindings_change(user.address_of_record, before, user.bindings);
    if (came_or_went) {
      watcher->on_registered_changed(user.address_of_record);
    }
  }
  expire(user);
}

std::string Registrar::answer_lines(User& user, const Asked& asked, const Message& request) {
  std::string lines;
  lines.reserve(160 * user.bindings.size());
  for (const Binding& binding : user.bindings) {
    append_contact(lines, user, binding, asked, request);
  }
  if (asked.path_known) {
    for (const std::string& value : asked.path) {
      lines.append("Path: ").append(value).append("\r\n");
    }
  }
  for (const std::string& route : limits_.service_route) {
    lines.append("Service-Route: ").append(route).append("\r\n");
  }
  const bool flow = asked.outbound && std::any_of(asked.changes.begin(), asked.changes.end(), [](const Change& change) { return change.reg_id != 0; });
  if (flow) {
    lines.append("Require: outbound\r\nFlow-Timer: ").append(std::to_string(limits_.flow_timer.count())).append("\r\n");
  }
  return lines;
}

void Registrar::append_contact(std::string& lines, User& user, const Binding& binding, const Asked& asked, const Message& request) {
  const auto left = std::chrono::ceil<std::chrono::seconds>(binding.expires - timers_.clock().now()).count();
  lines.append("Contact: <").append(binding.contact).append(">;expires=").append(std::to_string(left));
  if (binding.q != 1000) {
    const std::string digits = std::to_string(binding.q);
    lines.append(";q=0.").append(3 - digits.size(), '0').append(digits);
  }
  if (binding.details != nullptr && !binding.details->instance.empty()) {
    lines.append(";+sip.instance=\"").append(binding.details->instance).append("\"");
    if (binding.outbound()) {
      lines.append(";reg-id=").append(std::to_string(binding.details->reg_id));
    }
    if (asked.gruu) {
      append_gruus(lines, user, *binding.details, request);
    }
  }
  lines.append("\r\n");
}

void Registrar::append_gruus(std::string& lines, User& user, const BindingDetails& details, const Message& request) {
  if (user.gruus == nullptr) {
    user.gruus = std::make_unique<std::vector<GruuInstance>>();
  }
  auto known = std::find_if(user.gruus->begin(), user.gruus->end(), [&details](const GruuInstance& one) { return one.instance == details.instance; });
  if (known == user.gruus->end()) {
    known = user.gruus->insert(known, {.instance = details.instance, .call_id = {}});
  }
  if (known->call_id != request.call_id()) {
    by_gruu_.erase(known->registration);
    known->call_id = request.call_id();
    known->registration = random_.next() | 1U;
    by_gruu_[known->registration] = &user;
  }
  const std::string_view domain = domain_of(request);
  const std::string_view urn = std::string_view(details.instance).substr(1, details.instance.size() - 2);
  const auto uri = UriView::parse(request.to().uri);
  lines.append(";pub-gruu=\"sip:").append(uri ? uri->user : std::string_view{}).append("@").append(domain).append(";gr=").append(urn).append("\"");
  lines.append(";temp-gruu=\"sip:").append(temporary_.make(known->registration, ++known->serial)).append("@").append(domain).append(";gr\"");
}

void Registrar::expire(User& user) {
  const base::TimePoint now = timers_.clock().now();
  if (std::any_of(user.bindings.begin(), user.bindings.end(), [now](const Binding& binding) { return binding.expires <= now; })) {
    std::vector<Binding> left = user.bindings;
    std::erase_if(left, [now](const Binding& binding) { return binding.expires <= now; });
    replace(user, std::move(left));
    return;
  }
  if (user.gruus != nullptr) {
    std::erase_if(*user.gruus, [&](const GruuInstance& one) {
      const bool alive = std::any_of(user.bindings.begin(), user.bindings.end(),
                                     [&one](const Binding& binding) { return binding.details != nullptr && binding.details->instance == one.instance; });
      return !alive && by_gruu_.erase(one.registration) != 0;
    });
  }
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
