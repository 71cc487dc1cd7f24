#include "call/caller_identity.hpp"

namespace callwright::call {
namespace {

void append_asserted(std::string& lines, std::string_view uri) {
  std::string value;
  sip::append_header(lines, "P-Asserted-Identity", value.append("<").append(uri).append(">"));
}

}  // namespace

CallerIdentity::CallerIdentity(std::string_view uri, const sip::Message& invite) {
  append_asserted(asserted_, uri);
  if (invite.has(sip::Header::Privacy)) {
    privacy_ = sip::Privacy::of(invite);
  }
}

CallerIdentity CallerIdentity::vouched_for(const sip::Message& invite) {
  CallerIdentity identity;
  if (invite.has(sip::Header::PAssertedIdentity)) {
    for (const std::string& uri : sip::asserted_identities_of(invite)) {
      append_asserted(identity.asserted_, uri);
    }
  }
  if (invite.has(sip::Header::Privacy)) {
    identity.privacy_ = sip::Privacy::of(invite);
  }
  return identity;
}

void CallerIdentity::apply(Peer peer, sip::InviteSession::CallerOptions& call) const {
  // RFC 3323 §4.2: "none" overrules whatever else is asked for, as what a subscriber has set up for all calls.
  const bool hides_user = privacy_.user && !privacy_.none;
  if (peer == Peer::Trusted) {
    call.headers += asserted_;
    sip::append_header(call.headers, "Privacy", privacy_.to_string());
    return;
  }
  if (privacy_.none || (peer == Peer::User && !hides_caller())) {
    call.headers += asserted_;
  }
  if (privacy_.none) {
    sip::append_header(call.headers, "Privacy", "none");
  }
  if (hides_user) {
    // RFC 3323 §4.1.1.3. `Privacy: header` asks for nothing more: no Via, Contact or Record-Route of the caller's gets past the exchange.
    call.from = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
    call.contact_user = "anonymous";
  }
}

}  // namespace callwright::call
