#include "sip/locator.hpp"

#include "sip/fields.hpp"

#include <algorithm>
#include <span>

namespace callwright::sip {
namespace {

constexpr std::size_t kMaxServices = 32;
constexpr std::size_t kMaxPointers = 8;

struct NaptrService {
  std::string_view name;
  Transport transport;
};
/// RFC 3263 §4.1, RFC 7118 §8.
constexpr NaptrService kNaptrServices[] = {
    {"SIP+D2U", Transport::Udp}, {"SIP+D2T", Transport::Tcp}, {"SIPS+D2T", Transport::Tls}, {"SIP+D2W", Transport::Ws}, {"SIPS+D2W", Transport::Wss}};

std::string_view service_prefix(Transport transport) {
  switch (transport) {
    case Transport::Udp: return "_sip._udp.";
    case Transport::Tcp: return "_sip._tcp.";
    case Transport::Tls: return "_sips._tcp.";
    case Transport::Ws: return "_sip._ws.";
    case Transport::Wss: return "_sips._ws.";
  }
  return "";
}

std::string_view host_of(const UriView& uri) { return uri.parameter("maddr").value_or(uri.host); }

/// RFC 2782: of those with the lowest priority that are left, one by chance in proportion to its weight; weight 0 comes first, so that it has a small chance.
void order_by_weight(std::span<ServiceRecord> services, base::Random& random) {
  std::stable_partition(services.begin(), services.end(), [](const ServiceRecord& record) { return record.weight == 0; });
  std::uint64_t total = 0;
  for (const ServiceRecord& record : services) {
    total += record.weight;
  }
  for (std::size_t first = 0; first + 1 < services.size(); ++first) {
    const std::uint64_t drawn = random.between(0, total);
    std::size_t chosen = first;
    for (std::uint64_t sum = services[first].weight; sum < drawn; sum += services[chosen].weight) {
      ++chosen;
    }
    total -= services[chosen].weight;
    std::rotate(services.begin() + static_cast<std::ptrdiff_t>(first), services.begin() + static_cast<std::ptrdiff_t>(chosen),
                services.begin() + static_cast<std::ptrdiff_t>(chosen) + 1);
  }
}

}  // namespace

void sort_services(std::vector<ServiceRecord>& services, base::Random& random) {
  std::stable_sort(services.begin(), services.end(), [](const ServiceRecord& left, const ServiceRecord& right) { return left.priority < right.priority; });
  for (auto first = services.begin(); first != services.end();) {
    const auto last = std::find_if(first, services.end(), [first](const ServiceRecord& record) { return record.priority != first->priority; });
    order_by_weight({first, last}, random);
    first = last;
  }
}

std::optional<Transport> Locator::transport_of(const UriView& uri) {
  const bool said = uri.has_parameter("transport") || uri.port != 0 || base::IpAddress::parse(host_of(uri));
  return said ? sip::transport_of(uri) : std::nullopt;
}

std::optional<Destination> Locator::numeric(const UriView& uri) {
  const auto ip = base::IpAddress::parse(host_of(uri));
  if (!ip) {
    return std::nullopt;
  }
  const auto transport = sip::transport_of(uri);  // An address leaves nothing for DNS to say.
  return transport ? std::optional(Destination{*transport, {*ip, uri.port != 0 ? uri.port : default_port(*transport)}}) : std::nullopt;
}

/// One search. The resolver's answers hold it weakly, so that it ends with its ticket.
class Locator::Search : public std::enable_shared_from_this<Search> {
 public:
  Search(Locator& locator, const UriView& uri, Handler handler)
      : locator_(locator),
        handler_(std::move(handler)),
        host_(host_of(uri)),
        port_(uri.port),
        transport_(transport_of(uri)),
        secure_(uri.scheme == UriView::Scheme::Sips) {}

  void start() {
    if (port_ != 0) {
      add_host({*transport_, host_, port_});
      ask_addresses();
    } else if (transport_) {
      services_.push_back({*transport_, std::string(service_prefix(*transport_)) + host_, {}});
      ask_services();
    } else {
      ask(DnsKind::Pointers, host_, &Search::on_pointers, 0);
    }
  }

 private:
  struct Service {
    Transport transport;
    std::string name;
    std::vector<ServiceRecord> records;
  };
  struct Host {
    Transport transport;
    std::string name;
    std::uint16_t port;
    std::vector<base::IpAddress> addresses = {};
  };
  using Step = void (Search::*)(std::size_t index, const base::Result<DnsRecords>& records);

  void ask(DnsKind kind, const std::string& name, Step step, std::size_t index) {
    locator_.resolver_.query(kind, name, [weak = weak_from_this(), step, index](const base::Result<DnsRecords>& records) {
      if (const auto self = weak.lock()) {
        ((*self).*step)(index, records);
      }
    });
  }

  [[nodiscard]] bool offered(Transport transport) const {
    return std::find(locator_.transports_.begin(), locator_.transports_.end(), transport) != locator_.transports_.end() && (!secure_ || is_secure(transport));
  }

  void on_pointers(std::size_t /*index*/, const base::Result<DnsRecords>& records) {
    if (records) {
      take_pointers(records->pointers);
    }
    if (services_.empty()) {
      for (const Transport transport : locator_.transports_) {
        if (offered(transport)) {
          services_.push_back({transport, std::string(service_prefix(transport)) + host_, {}});
        }
      }
    }
    ask_services();
  }

  /// RFC 3403 §4.1: the lowest order in which something is of use hides the others.
  void take_pointers(std::vector<PointerRecord> pointers) {
    std::stable_sort(pointers.begin(), pointers.end(), [](const PointerRecord& left, const PointerRecord& right) {
      return std::pair(left.order, left.preference) < std::pair(right.order, right.preference);
    });
    std::optional<std::uint16_t> order;
    for (const PointerRecord& pointer : pointers) {
      const auto* const service = std::find_if(std::begin(kNaptrServices), std::end(kNaptrServices),
                                               [&](const NaptrService& known) { return equals_ignoring_case(known.name, pointer.services); });
      const bool usable = service != std::end(kNaptrServices) && offered(service->transport) && equals_ignoring_case(pointer.flags, "s");
      if (usable && order.value_or(pointer.order) == pointer.order && services_.size() < kMaxPointers) {
        order = pointer.order;
        services_.push_back({service->transport, pointer.replacement, {}});
      }
    }
  }

  void ask_services() {
    pending_ = services_.size() + 1;
    for (std::size_t index = 0; index < services_.size(); ++index) {
      ask(DnsKind::Services, services_[index].name, &Search::on_services, index);
    }
    if (--pending_ == 0) {
      take_services();
    }
  }

  void on_services(std::size_t index, const base::Result<DnsRecords>& records) {
    if (records) {
      services_[index].records = records->services;
    }
    if (--pending_ == 0) {
      take_services();
    }
  }

  void take_services() {
    bool any = false;
    for (Service& service : services_) {
      sort_services(service.records, locator_.random_);
      for (ServiceRecord& record : service.records) {
        any = true;
        if (!record.target.empty()) {
          add_host({service.transport, std::move(record.target), record.port});
        }
      }
    }
    if (!any) {
      const Transport transport = transport_.value_or(secure_ ? Transport::Tls : Transport::Udp);
      add_host({transport, host_, default_port(transport)});
    }
    ask_addresses();
  }

  void add_host(Host host) {
    if (hosts_.size() < kMaxServices) {
      hosts_.push_back(std::move(host));
    }
  }

  void ask_addresses() {
    pending_ = hosts_.size() + 1;
    for (std::size_t index = 0; index < hosts_.size(); ++index) {
      if (const auto literal = base::IpAddress::parse(hosts_[index].name)) {
        // Against RFC 2782, but seen.
        hosts_[index].addresses = {*literal};
        --pending_;
      } else {
        ask(DnsKind::Addresses, hosts_[index].name, &Search::on_addresses, index);
      }
    }
    if (--pending_ == 0) {
      finish();
    }
  }

  void on_addresses(std::size_t index, const base::Result<DnsRecords>& records) {
    if (records) {
      hosts_[index].addresses = records->addresses;
    } else {
      failure_ = records.error();
    }
    if (--pending_ == 0) {
      finish();
    }
  }

  void finish() {
    std::vector<Destination> found;
    for (const Host& host : hosts_) {
      for (const base::IpAddress& address : host.addresses) {
        const Destination destination{host.transport, {address, host.port}};
        if (found.size() < kMaxDestinations && std::find(found.begin(), found.end(), destination) == found.end()) {
          found.push_back(destination);
        }
      }
    }
    std::stable_partition(found.begin(), found.end(), [this](const Destination& destination) { return !locator_.avoided(destination); });
    const auto self = shared_from_this();  // The handler may drop the ticket.
    if (!found.empty()) {
      handler_(std::move(found));
    } else if (failure_.code) {
      handler_(failure_);
    } else {
      handler_(base::Error(base::Errc::NotFound, "The domain name " + host_ + " leads to no SIP server. Check its spelling and its SRV records."));
    }
  }

  Locator& locator_;
  Handler handler_;
  std::string host_;
  std::uint16_t port_;
  std::optional<Transport> transport_;
  bool secure_;
  std::vector<Service> services_;
  std::vector<Host> hosts_;
  std::size_t pending_ = 0;
  base::Error failure_;
};

Locator::Ticket Locator::locate(const UriView& uri, Handler handler) {
  auto search = std::make_shared<Search>(*this, uri, std::move(handler));
  search->start();
  return search;
}

void Locator::avoid(const Destination& destination, base::Duration duration) {
  const base::TimePoint until = clock_.now() + duration;
  if (const auto known = avoided_.find(destination); known != avoided_.end()) {
    known->second = std::max(known->second, until);
    return;
  }
  if (avoided_order_.size() >= kMaxAvoided) {
    avoided_.erase(avoided_order_.front());
    avoided_order_.pop_front();
  }
  avoided_.emplace(destination, until);
  avoided_order_.push_back(destination);
}

bool Locator::avoided(const Destination& destination) const {
  const auto found = avoided_.find(destination);
  return found != avoided_.end() && found->second > clock_.now();
}

}  // namespace callwright::sip
