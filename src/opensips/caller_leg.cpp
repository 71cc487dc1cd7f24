#include "opensips/caller_leg.hpp"

#include "base/log.hpp"
#include "opensips/datagram.hpp"
#include "sip/client_request.hpp"
#include "sip/message.hpp"
#include "sip/uri.hpp"

#include <algorithm>
#include <charconv>

namespace callwright::opensips {

using base::Json;

namespace {

constexpr std::string_view kEnd = "\r\n";
constexpr std::size_t kMaxStatusText = 256;
constexpr std::size_t kMaxUri = 1024;

std::string origin_line(const CallerLegPlan& plan, unsigned version) {
  return "o=callwright " + std::to_string(plan.session) + " " + std::to_string(version) + " IN IP4 0.0.0.0";
}

std::string black_hole_offer(const CallerLegPlan& plan) {
  std::string formats;
  std::string attributes;
  for (const sdp::Codec& codec : plan.look.codecs.empty() ? std::vector{sdp::pcmu(), sdp::pcma()} : plan.look.codecs) {
    const std::string number = std::to_string(static_cast<unsigned>(codec.payload_type));
    formats += " " + number;
    attributes += "a=rtpmap:" + number + " " + codec.name + "/" + std::to_string(codec.clock_rate) +
                  (codec.channels > 1 ? "/" + std::to_string(codec.channels) : std::string()) + "\r\n";
    attributes += codec.fmtp.empty() ? std::string() : "a=fmtp:" + number + " " + codec.fmtp + "\r\n";
  }
  return "v=0\r\n" + origin_line(plan, 1) + "\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 9 RTP/AVP" + formats + " 101\r\n" + attributes +
         "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n";
}

/// Where requests of the phone come to: the proxy itself, under a name of our own.
std::string own_contact(const CallerLegPlan& plan) {
  const auto proxy = sip::UriView::parse(plan.proxy);
  if (!proxy) {
    return "<" + plan.caller + ">";
  }
  sip::UriView contact = *proxy;
  contact.user = "callwright";
  contact.password = {};
  return "<" + contact.to_string() + ">";
}

void add_header(std::string& headers, std::string_view name, std::string_view value) {
  headers += name;
  headers += ": ";
  headers += value;
  headers += kEnd;
}

/// Calls `visit` for each line, without its end.
template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    visit(line);
  }
}

/// "o=- 1 7 IN IP4 192.0.2.9" → the same with 8; "" when it is none.
std::string next_version(std::string_view origin) {
  const std::size_t name = origin.find(' ');
  const std::size_t session = name == std::string_view::npos ? name : origin.find(' ', name + 1);
  const std::size_t version = session == std::string_view::npos ? session : origin.find(' ', session + 1);
  std::uint64_t number = 0;
  if (version == std::string_view::npos || std::from_chars(origin.data() + session + 1, origin.data() + version, number).ptr != origin.data() + version) {
    return {};
  }
  return std::string(origin.substr(0, session + 1)) + std::to_string(number + 1) + std::string(origin.substr(version));
}

CallerDialog dialog_of(const sip::Message& message) {
  CallerDialog dialog;
  dialog.from = message.header(sip::Header::From).value_or("");
  dialog.to = message.header(sip::Header::To).value_or("");
  if (const auto contact = message.contact()) {
    dialog.target = contact->uri;
  }
  message.for_each_value(sip::Header::RecordRoute, [&dialog](std::string_view value) {
    dialog.routes.insert(dialog.routes.begin(), std::string(value));
    return true;
  });
  dialog.sdp = message.body();
  dialog.knows_refer = !message.has(sip::Header::Allow) || message.lists(sip::Header::Allow, "REFER");
  return dialog;
}

const Json* first_dialog(const Json& listed) {
  for (const std::string_view name : {"Dialogs", "Dialog"}) {
    const Json* const found = listed.find(name);
    if (found != nullptr && found->array() != nullptr) {
      return found->array()->empty() ? nullptr : &found->array()->front();
    }
    if (found != nullptr) {
      return found;
    }
  }
  return listed.array() != nullptr && !listed.array()->empty() ? &listed.array()->front() : &listed;
}

}  // namespace

Json::Object invite_params(const CallerLegPlan& plan) {
  std::string headers;
  add_header(headers, "From", sip::name_addr(plan.look.callee_name, plan.callee));
  add_header(headers, "To", sip::name_addr(plan.look.caller_name, plan.caller));
  add_header(headers, "Contact", own_contact(plan));
  add_header(headers, "Call-ID", plan.call_id);
  add_header(headers, "CSeq", "1 INVITE");
  add_header(headers, "Content-Type", "application/sdp");
  headers += plan.look.headers;
  return {parameter("method", "INVITE"), parameter("ruri", plan.caller), parameter("headers", headers), parameter("next_hop", plan.proxy),
          parameter("body", black_hole_offer(plan))};
}

InviteAnswer read_invite_answer(const Json& result) {
  InviteAnswer answer;
  answer.text = text_of(result.find("Status")).substr(0, kMaxStatusText);
  std::from_chars(answer.text.data(), answer.text.data() + answer.text.size(), answer.status);
  if (answer.status < 100 || answer.status > 699) {
    answer.status = 0;
    return answer;
  }
  if (answer.status < 200 || answer.status > 299) {
    return answer;
  }
  std::string text(text_of(result.find("Message")));
  if (!text.starts_with("SIP/")) {
    text.insert(0, "SIP/2.0 " + std::to_string(answer.status) + " OK\r\n");
  }
  sip::Message message;
  if (message.parse(text)) {
    answer.dialog = dialog_of(message);
  } else {
    base::log::debug("OpenSIPS passed on an answer that cannot be read", {{"reason", message.error().reason}});
  }
  return answer;
}

Json::Object in_dialog_params(const CallerLegPlan& plan, const CallerDialog& dialog, std::string_view method, unsigned cseq, std::string_view sdp) {
  std::string headers;
  add_header(headers, "From", dialog.from);
  add_header(headers, "To", dialog.to);
  add_header(headers, "Call-ID", plan.call_id);
  add_header(headers, "CSeq", std::to_string(cseq) + " " + std::string(method));
  for (const std::string& route : dialog.routes) {
    add_header(headers, "Route", route);
  }
  if (!sdp.empty()) {
    add_header(headers, "Contact", own_contact(plan));
    add_header(headers, "Content-Type", "application/sdp");
  }
  Json::Object params{parameter("method", method), parameter("ruri", dialog.target), parameter("headers", headers), parameter("next_hop", plan.proxy)};
  if (!sdp.empty()) {
    params.push_back(parameter("body", sdp));
  }
  return params;
}

std::string as_offer(std::string_view sdp) {
  std::string offer;
  for_each_line(sdp, [&offer](std::string_view line) {
    const bool directed = line == "a=sendonly" || line == "a=recvonly" || line == "a=inactive";
    offer += directed ? "a=sendrecv" : line;
    offer += kEnd;
  });
  return offer;
}

std::string as_next_offer(std::string_view sdp, const CallerLegPlan& plan) {
  std::string offer;
  for_each_line(sdp, [&](std::string_view line) {
    offer += line.starts_with("o=") ? origin_line(plan, 2) : std::string(line);
    offer += kEnd;
  });
  return offer;
}

std::string as_next_offer(std::string_view sdp, std::string_view known) {
  std::string origin;
  for_each_line(known, [&origin](std::string_view line) {
    if (line.starts_with("o=")) {
      origin = next_version(line);
    }
  });
  std::string offer;
  for_each_line(sdp, [&](std::string_view line) {
    offer += line.starts_with("o=") && !origin.empty() ? origin : std::string(line);
    offer += kEnd;
  });
  return offer;
}

std::pair<std::string, std::string> dialog_parties(const Json& listed) {
  const Json* const dialog = first_dialog(listed);
  const auto uri = [dialog](std::string_view name) {
    return std::string(dialog == nullptr ? std::string_view{} : text_of(dialog->find(name)).substr(0, kMaxUri));
  };
  return {uri("from_uri"), uri("to_uri")};
}

std::pair<std::string, std::string> dialog_descriptions(const Json& listed) {
  const Json* const dialog = first_dialog(listed);
  if (dialog == nullptr) {
    return {};
  }
  std::string callee;
  // One for each phone that rang; only the one that has answered has a description.
  if (const Json* const callees = dialog->find("CALLEES"); callees != nullptr && callees->array() != nullptr) {
    for (const Json& leg : *callees->array()) {
      callee = callee.empty() ? std::string(text_of(leg.find("callee_sdp"))) : callee;
    }
  }
  return {std::string(text_of(dialog->find("caller_sdp"))), std::move(callee)};
}

std::optional<int> dialog_state(const Json& listed) {
  const Json* const dialog = first_dialog(listed);
  const std::string_view text = dialog == nullptr ? std::string_view{} : text_of(dialog->find("state"));
  int state = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), state);
  return failure == std::errc() && end == text.data() + text.size() ? std::optional(state) : std::nullopt;
}

}  // namespace callwright::opensips
