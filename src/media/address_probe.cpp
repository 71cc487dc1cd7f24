#include "media/address_probe.hpp"

#include <string>

namespace callwright::media {
namespace {

namespace stun = base::stun;

base::StunTransaction make_transaction(base::Random& random) {
  base::StunTransaction transaction;
  for (char& byte : transaction) {
    byte = static_cast<char>(random.next());
  }
  return transaction;
}

/// Of request number `sent`, from the first: 0, 1, 3, 7 times the first wait.
base::Duration due_after(unsigned sent) { return AddressProbe::kFirstWait * ((1U << sent) - 1U); }

}  // namespace

AddressProbe::AddressProbe(const base::SocketAddress& server, base::Random& random, base::TimePoint now) : server_(server), random_(random), started_(now) {
  for (Question& question : questions_) {
    question.transaction = make_transaction(random_);
  }
}

bool AddressProbe::receive(Port port, const base::SocketAddress& from, std::string_view datagram) {
  if (from != server_ || !stun::is_message(datagram)) {
    return false;
  }
  const auto message = stun::Message::parse(datagram);
  Question& question = questions_.at(static_cast<std::size_t>(port));
  if (!message || message->transaction() != question.transaction || !question.open()) {
    return true;
  }
  if (message->type() == stun::kBindingSuccess) {
    const auto mapped = message->mapped_address();
    const bool usable = mapped && mapped->port != 0 && !mapped->ip.is_unspecified() && mapped->ip.is_v4() == server_.ip.is_v4();
    question.mapped = usable ? mapped : std::nullopt;
    question.refused = !usable;
  } else if (message->type() == stun::kBindingError) {
    question.refused = true;
  }
  return true;
}

void AddressProbe::ask(base::TimePoint now, Output& output) {
  for (const Port port : {Port::Rtp, Port::Rtcp}) {
    Question& question = questions_.at(static_cast<std::size_t>(port));
    if (question.open() && question.sent < kRequests && now - started_ >= due_after(question.sent)) {
      ++question.sent;
      output.send_to_stun_server(port, server_, stun::Writer(stun::kBindingRequest, question.transaction).bytes());
    }
  }
}

void AddressProbe::keep_alive(base::TimePoint now, Output& output) {
  if (now < next_keep_alive_) {
    return;
  }
  next_keep_alive_ = now + kKeepAlive;
  for (const Port port : {Port::Rtp, Port::Rtcp}) {
    if (questions_.at(static_cast<std::size_t>(port)).mapped) {
      output.send_to_stun_server(port, server_, stun::Writer(stun::kBindingIndication, make_transaction(random_)).bytes());
    }
  }
}

AddressProbe::Outcome AddressProbe::outcome() const {
  const Question& rtp = questions_[0];
  if (rtp.mapped) {
    return AddressLearned{*rtp.mapped, questions_[1].mapped};
  }
  const std::string server = server_.to_string();
  if (rtp.refused) {
    return AddressUnknown{{base::Errc::Refused, "The STUN server " + server + " does not tell addresses; name another one as stun_server"}};
  }
  return AddressUnknown{{base::Errc::TimedOut, "The STUN server " + server + " does not answer; check stun_server and the firewall"}};
}

AddressProbe::Outcome AddressProbe::tick(base::TimePoint now, Output& output) {
  if (told_) {
    keep_alive(now, output);
    return {};
  }
  if ((questions_[0].open() || questions_[1].open()) && !questions_[0].refused && now - started_ < kPatience) {
    ask(now, output);
    return {};
  }
  told_ = true;
  next_keep_alive_ = now + kKeepAlive;
  return outcome();
}

}  // namespace callwright::media
