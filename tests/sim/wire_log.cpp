#include "sim/wire_log.hpp"

#include <stdexcept>

namespace callwright::simulation {
namespace {

std::string value_of(std::string_view text, std::string_view name) {
  std::string wanted = "\r\n";
  wanted.append(name).append(": ");
  const std::size_t at = text.find(wanted);
  if (at == std::string_view::npos) {
    return {};
  }
  const std::size_t from = at + wanted.size();
  return std::string(text.substr(from, text.find('\r', from) - from));
}

}  // namespace

std::string what_is(std::string_view message) {
  const std::string_view first = message.substr(0, message.find(' '));
  if (first != "SIP/2.0") {
    return std::string(first);
  }
  const std::string cseq = value_of(message, "CSeq");
  return std::string(message.substr(8, 3)).append(" ").append(cseq.substr(cseq.find(' ') + 1));
}

std::string WireMessage::what() const { return what_is(text); }

std::string WireMessage::start_line() const { return text.substr(0, text.find('\r')); }

std::string WireMessage::header(std::string_view name) const { return value_of(text, name); }

std::string WireMessage::parameter(std::string_view header_name, std::string_view name) const {
  const std::string value = header(header_name);
  const std::size_t found = value.find(";" + std::string(name) + "=");
  if (found == std::string::npos) {
    return {};
  }
  const std::size_t from = found + name.size() + 2;
  return value.substr(from, value.find_first_of(";,", from) - from);
}

std::string WireMessage::body() const {
  const std::size_t end = text.find("\r\n\r\n");
  return end == std::string::npos ? std::string{} : text.substr(end + 4);
}

WireLog::WireLog(SimulatedNetwork& network) : network_(network), start_(network.clock().now()) {
  network_.set_tap([this](const Packet& packet) {
    const auto known = names_.find(packet.from);
    messages_.push_back({packet.sent - start_, known != names_.end() ? known->second : packet.from.to_string(), packet.fate, std::string(packet.message)});
  });
}

std::vector<std::string> WireLog::flow() const {
  std::vector<std::string> entries;
  for (const WireMessage& message : messages_) {
    entries.push_back(message.sender + " " + message.what());
  }
  return entries;
}

std::vector<std::chrono::milliseconds> WireLog::times(std::string_view flow_entry) const {
  std::vector<std::chrono::milliseconds> times;
  for (const WireMessage& message : messages_) {
    if (message.sender + " " + message.what() == flow_entry) {
      times.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(message.at));
    }
  }
  return times;
}

const WireMessage& WireLog::find(std::string_view flow_entry, std::size_t number) const {
  for (const WireMessage& message : messages_) {
    if (message.sender + " " + message.what() == flow_entry && number-- == 0) {
      return message;
    }
  }
  throw std::out_of_range("the wire has not seen enough of: " + std::string(flow_entry));
}

}  // namespace callwright::simulation
