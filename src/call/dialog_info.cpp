#include "call/dialog_info.hpp"

#include "call/xml_text.hpp"

#include <utility>

namespace callwright::call {

void DialogInfo::append_name(std::string& xml, const std::string& call_id) const {
  const std::optional<sip::DialogName> name = ringing_(call_id);
  if (!name) {
    return;
  }
  append_xml(xml.append("\" call-id=\""), name->call_id);
  append_xml(xml.append("\" local-tag=\""), name->local_tag);
  append_xml(xml.append("\" remote-tag=\""), name->remote_tag);
}

void DialogInfo::append_dialog(std::string& xml, const std::string& call_id, const Call& call, std::string_view user) const {
  constexpr std::string_view kStates[] = {"trying", "early", "confirmed"};
  const bool caller = call.calling_user == user;
  xml.append("<dialog id=\"").append(std::to_string(call.number));
  if (!caller && call.state == State::Early) {
    append_name(xml, call_id);
  }
  xml.append("\" direction=\"")
      .append(caller ? "initiator" : "recipient")
      .append("\"><state>")
      .append(kStates[static_cast<std::size_t>(call.state)])
      .append("</state><remote><identity>");
  append_xml(xml, caller ? call.callee : call.caller);
  xml += "</identity></remote></dialog>\r\n";
}

std::string DialogInfo::body(const sip::EventView& view) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"";
  xml.append(std::to_string(view.version)).append("\" state=\"").append(view.changed.empty() ? "full" : "partial").append("\" entity=\"");
  append_xml(xml, view.entity);
  xml += "\">\r\n";
  std::vector<std::string> gone(view.changed.begin(), view.changed.end());
  if (const auto there = by_user_.find(view.resource); there != by_user_.end()) {
    for (const auto& [number, call_id] : there->second) {
      const bool wanted = view.changed.empty() || std::erase(gone, std::to_string(number)) != 0;
      if (wanted) {
        append_dialog(xml, call_id, calls_.find(call_id)->second, view.resource);
      }
    }
  }
  for (const std::string& id : gone) {
    xml.append("<dialog id=\"").append(id).append("\"><state>terminated</state></dialog>\r\n");
  }
  xml += "</dialog-info>\r\n";
  return xml;
}

void DialogInfo::note(const std::string& call_id, const decltype(Event::what)& what) {
  if (const auto* const started = std::get_if<CallStarted>(&what)) {
    start(call_id, *started);
  } else if (std::holds_alternative<CallRinging>(what)) {
    advance(call_id, State::Early);
  } else if (std::holds_alternative<CallAnswered>(what)) {
    advance(call_id, State::Confirmed);
  } else if (const auto* const replaced = std::get_if<CallReplaced>(&what)) {
    replace(call_id, *replaced);
  } else if (std::holds_alternative<CallEnded>(what)) {
    end(call_id);
  }
}

void DialogInfo::enter(const std::string& user, const std::string& call_id, std::uint64_t number) {
  if (!user.empty()) {
    by_user_[user].emplace(number, call_id);
  }
}

void DialogInfo::leave(const std::string& user, std::uint64_t number) {
  const auto there = by_user_.find(user);
  if (there != by_user_.end() && there->second.erase(number) != 0 && there->second.empty()) {
    by_user_.erase(there);
  }
}

void DialogInfo::tell(const Call& call) const {
  const std::string id = std::to_string(call.number);
  if (!call.calling_user.empty()) {
    changed_(call.calling_user, id);
  }
  if (!call.called_user.empty() && call.called_user != call.calling_user) {
    changed_(call.called_user, id);
  }
}

void DialogInfo::start(const std::string& call_id, const CallStarted& what) {
  const auto [entry, made] = calls_.try_emplace(call_id);
  if (!made) {
    return;
  }
  Call& call = entry->second;
  call = {.caller = what.from, .callee = what.to, .calling_user = user_in_(what.from), .called_user = user_in_(what.to), .number = next_++};
  enter(call.calling_user, call_id, call.number);
  enter(call.called_user, call_id, call.number);
  tell(call);
}

void DialogInfo::advance(const std::string& call_id, State state) {
  const auto found = calls_.find(call_id);
  if (found != calls_.end() && found->second.state < state) {
    found->second.state = state;
    tell(found->second);
  }
}

void DialogInfo::replace(const std::string& call_id, const CallReplaced& what) {
  const auto found = calls_.find(call_id);
  if (found == calls_.end()) {
    return;
  }
  // To those who watch, one call ends and another begins.
  Call call = found->second;
  end(call_id);
  start(what.by, what.side == CallReplaced::Side::Caller ? CallStarted{what.party, call.callee} : CallStarted{call.caller, what.party});
  advance(what.by, call.state);
}

void DialogInfo::end(const std::string& call_id) {
  const auto found = calls_.find(call_id);
  if (found == calls_.end()) {
    return;
  }
  const Call call = std::move(found->second);
  leave(call.calling_user, call.number);
  leave(call.called_user, call.number);
  calls_.erase(found);
  tell(call);
}

}  // namespace callwright::call
