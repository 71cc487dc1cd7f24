#include "call/presence.hpp"

#include "call/xml_text.hpp"
#include "sip/session_fields.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

/// One document, until it expires.
struct Presence::Publication {
  Publication(Presence& owner, std::string publisher)
      : presence(owner), user(std::move(publisher)), expiry(owner.user_agent_.timers(), base::Callback::to<&Publication::on_expiry>(*this)) {}
  void on_expiry() {
    // Ends this object.
    const std::string name = user;
    const std::string mine = tag;
    Presence& owner = presence;
    owner.remove(name, mine);
    owner.changed_(name);
  }

  Presence& presence;
  std::string user;
  std::string tag;
  std::string body;
  base::Timer expiry;
};

Presence::Presence(sip::UserAgent& user_agent, const sip::Registrar& registrar, Changed changed)
    : user_agent_(user_agent), registrar_(registrar), changed_(std::move(changed)) {}

Presence::~Presence() = default;

std::size_t Presence::publications() const noexcept {
  std::size_t count = 0;
  for (const auto& [user, publications] : users_) {
    count += publications.size();
  }
  return count;
}

std::string Presence::body(const sip::EventView& view) {
  if (const auto found = users_.find(view.resource); found != users_.end()) {
    return found->second.back()->body;
  }
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"";
  append_xml(xml, view.entity);
  xml += "\">\r\n<tuple id=\"registration\"><status><basic>";
  xml += registrar_.lookup(view.resource).empty() ? "closed" : "open";
  xml += "</basic></status></tuple>\r\n</presence>\r\n";
  return xml;
}

bool Presence::read_expires(sip::ServerTransaction& transaction, const sip::Message& request, std::chrono::seconds& expires) const {
  const auto asked = sip::parse_number(request.header(sip::Header::Expires).value_or(std::string_view{}));
  expires = std::min(asked ? std::chrono::seconds(*asked) : limits_.default_expires, limits_.maximum_expires);
  if (expires.count() == 0 || expires >= limits_.minimum_expires) {
    return true;
  }
  std::string lines;
  sip::append_header(lines, "Min-Expires", std::to_string(limits_.minimum_expires.count()));
  transaction.respond({.status = 423, .headers = lines});
  return false;
}

bool Presence::check_body(sip::ServerTransaction& transaction, const sip::Message& request) const {
  if (request.body().size() > limits_.body) {
    transaction.respond({.status = 413});
    return false;
  }
  if (!request.body().empty() && !sip::equals_ignoring_case(request.content_type(), content_type())) {
    std::string lines;
    sip::append_header(lines, "Accept", content_type());
    transaction.respond({.status = 415, .headers = lines});
    return false;
  }
  return true;
}

void Presence::remove(const std::string& user, std::string_view tag) {
  const auto found = users_.find(user);
  if (found == users_.end()) {
    return;
  }
  std::erase_if(found->second, [tag](const auto& publication) { return publication->tag == tag; });
  if (found->second.empty()) {
    users_.erase(found);
  }
}

void Presence::publish(sip::ServerTransaction& transaction, const sip::Message& request, const std::string& user, std::string_view headers) {
  std::chrono::seconds expires{};
  if (!read_expires(transaction, request, expires) || !check_body(transaction, request)) {
    return;
  }
  const auto match = request.header("SIP-If-Match");
  const auto known = users_.find(user);
  const std::size_t count = known == users_.end() ? 0 : known->second.size();
  std::unique_ptr<Publication> publication;
  if (match) {
    const auto named = [&match](const auto& other) { return other->tag == *match; };
    const auto found = count == 0 ? Publications::iterator{} : std::find_if(known->second.begin(), known->second.end(), named);
    if (count == 0 || found == known->second.end()) {
      transaction.respond({.status = 412});
      return;
    }
    publication = std::move(*found);
    known->second.erase(found);
    if (known->second.empty()) {
      users_.erase(known);
    }
  } else if (request.body().empty() || count >= limits_.publications_per_user) {
    transaction.respond(request.body().empty() ? sip::Response{.status = 400, .reason = "Nothing Published"} : sip::Response{.status = 503});
    return;
  } else {
    publication = std::make_unique<Publication>(*this, user);
  }
  publication->tag = user_agent_.random().token(16);
  std::string lines(headers);
  sip::append_header(lines, "SIP-ETag", publication->tag);
  sip::append_header(lines, "Expires", std::to_string(expires.count()));
  const bool news = !request.body().empty() || expires.count() == 0;
  if (expires.count() != 0) {
    publication->body = request.body().empty() ? std::move(publication->body) : std::string(request.body());
    publication->expiry.start(expires);
    users_[user].push_back(std::move(publication));
  }
  transaction.respond({.status = 200, .headers = lines});
  if (news) {
    changed_(user);
  }
}

}  // namespace callwright::call
