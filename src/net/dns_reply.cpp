#include "net/dns_reply.hpp"

#include <ares.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace callwright::net {
namespace {

constexpr int kTypeSoa = 6;
constexpr int kTypeSrv = 33;
constexpr int kTypeNaptr = 35;
constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kMaxRecords = 64;

base::IpAddress address_of(const ares_addrinfo_node& node) {
  if (node.ai_family == AF_INET6) {
    sockaddr_in6 six;
    std::memcpy(&six, node.ai_addr, sizeof six);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
    return base::IpAddress::v6(bytes);
  }
  sockaddr_in four;
  std::memcpy(&four, node.ai_addr, sizeof four);
  std::array<std::uint8_t, 4> bytes{};
  std::memcpy(bytes.data(), &four.sin_addr, bytes.size());
  return base::IpAddress::v4(bytes);
}

std::string without_root(const char* name) {
  std::string text(name == nullptr ? "" : name);
  if (text.ends_with('.')) {
    text.pop_back();
  }
  return text;
}

std::string text_of(const unsigned char* text) { return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text)); }

/// Walks over the records of a reply to find how long they hold.
class ReplyWalk {
 public:
  explicit ReplyWalk(std::span<const std::uint8_t> reply) : reply_(reply) {}

  [[nodiscard]] std::chrono::seconds lifetime(int type) {
    if (reply_.size() < kHeaderSize) {
      return {};
    }
    const std::size_t questions = number(4, 2);
    const std::size_t records = std::size_t{number(6, 2)} + number(8, 2);
    at_ = kHeaderSize;
    for (std::size_t question = 0; question < questions && skip_name(); ++question) {
      at_ += 4;
    }
    std::optional<std::uint32_t> shortest;
    std::optional<std::uint32_t> negative;
    for (std::size_t record = 0; record < std::min(records, kMaxRecords) && skip_name() && at_ + 10 <= reply_.size(); ++record) {
      const int found = static_cast<int>(number(at_, 2));
      const std::uint32_t ttl = number(at_ + 4, 4);
      at_ += 10 + number(at_ + 8, 2);
      if (found == type) {
        shortest = std::min(shortest.value_or(ttl), ttl);
      } else if (found == kTypeSoa && at_ <= reply_.size()) {
        // The last field of an SOA is how long nothing may be remembered.
        negative = std::min(ttl, number(at_ - 4, 4));
      }
    }
    return std::chrono::seconds(shortest.value_or(negative.value_or(0)));
  }

 private:
  [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t size) const {
    std::uint32_t value = 0;
    for (std::size_t byte = at; byte < at + size && byte < reply_.size(); ++byte) {
      value = (value << 8U) | reply_[byte];
    }
    return value;
  }

  bool skip_name() {
    while (at_ < reply_.size()) {
      const std::uint8_t length = reply_[at_];
      if (length == 0 || length >= 0xC0) {
        at_ += length == 0 ? 1 : 2;
        return at_ <= reply_.size();
      }
      at_ += 1U + length;
    }
    return false;
  }

  std::span<const std::uint8_t> reply_;
  std::size_t at_ = 0;
};

struct FreeData {
  void operator()(void* data) const noexcept { ares_free_data(data); }
};

void read_services(std::span<const std::uint8_t> reply, sip::DnsRecords& records) {
  ares_srv_reply* list = nullptr;
  ares_parse_srv_reply(reply.data(), static_cast<int>(reply.size()), &list);
  const std::unique_ptr<ares_srv_reply, FreeData> owned(list);
  for (const ares_srv_reply* one = list; one != nullptr && records.services.size() < kMaxRecords; one = one->next) {
    records.services.push_back({one->priority, one->weight, one->port, without_root(one->host)});
  }
}

void read_pointers(std::span<const std::uint8_t> reply, sip::DnsRecords& records) {
  ares_naptr_reply* list = nullptr;
  ares_parse_naptr_reply(reply.data(), static_cast<int>(reply.size()), &list);
  const std::unique_ptr<ares_naptr_reply, FreeData> owned(list);
  for (const ares_naptr_reply* one = list; one != nullptr && records.pointers.size() < kMaxRecords; one = one->next) {
    records.pointers.push_back({one->order, one->preference, text_of(one->flags), text_of(one->service), without_root(one->replacement)});
  }
}

}  // namespace

int record_type(sip::DnsKind kind) noexcept { return kind == sip::DnsKind::Services ? kTypeSrv : kTypeNaptr; }

sip::DnsRecords read_addresses(const ares_addrinfo& info) {
  sip::DnsRecords records;
  auto& addresses = records.addresses;
  for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family != AF_INET && node->ai_family != AF_INET6) {
      continue;
    }
    const std::chrono::seconds ttl(node->ai_ttl);
    records.ttl = addresses.empty() ? ttl : std::min(records.ttl, ttl);
    if (const auto address = address_of(*node); std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
      addresses.push_back(address);
    }
  }
  std::stable_partition(addresses.begin(), addresses.end(), [](const base::IpAddress& address) { return address.is_v4(); });
  return records;
}

sip::DnsRecords read_reply(sip::DnsKind kind, std::span<const std::uint8_t> reply) {
  sip::DnsRecords records;
  if (kind == sip::DnsKind::Services) {
    read_services(reply, records);
  } else {
    read_pointers(reply, records);
  }
  records.ttl = ReplyWalk(reply).lifetime(record_type(kind));
  return records;
}

}  // namespace callwright::net
