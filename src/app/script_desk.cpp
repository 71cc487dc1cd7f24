#include "app/script_desk.hpp"

#include "app/json_arguments.hpp"
#include "base/time_text.hpp"
#include "rtp/srtp.hpp"

#include <future>
#include <utility>

namespace callwright::app {
namespace {

namespace json = boost::json;
using base::Errc;
using base::Error;
using Outcome = base::Result<json::object>;

constexpr std::chrono::milliseconds kLook{2};
/// What the engine may take for one operation; it is busy only where something is wrong.
constexpr std::chrono::seconds kPatience{30};

net::MediaThread::Options media_options(const std::optional<net::Impairment::Options>& impairment) {
  net::MediaThread::Options options;
  options.encryption = net::MediaThread::Encryption::OnDemand;
  options.impairment = impairment;
  return options;
}

}  // namespace

ScriptDesk::ScriptDesk(ScriptPhone::Tell tell, std::optional<net::Impairment::Options> impairment)
    : tell_(std::move(tell)),
      impairment_(impairment),
      media_(loop_, media_options(impairment)),
      look_(loop_.timers(), base::Callback::to<&ScriptDesk::look>(*this)) {
  files_.start();
  loop_.start();
}

ScriptDesk::~ScriptDesk() {
  loop_.stop();
  loop_.join();
  leaving_.clear();
  phones_.clear();
  capture_.reset();
  trace_.reset();
  if (trace_text_ != nullptr && trace_text_ != stderr) {
    std::fclose(trace_text_);
  }
  files_.stop();
  files_.join();
}

Outcome ScriptDesk::blocking_on_engine(const std::function<void(const ScriptPhone::Answer& answer)>& task) {
  // Shared: an answer that comes too late finds it still there.
  const auto answered = std::make_shared<std::promise<Outcome>>();
  auto outcome = answered->get_future();
  const bool posted = loop_.post([task, answered] { task([answered](Outcome result) { answered->set_value(std::move(result)); }); });
  if (!posted || outcome.wait_for(kPatience) != std::future_status::ready) {
    return Error(Errc::TimedOut, "the engine does not answer");
  }
  return outcome.get();
}

Outcome ScriptDesk::blocking_ask(std::string_view operation, const json::object& arguments) {
  if (operation == "create") {
    return blocking_create(arguments);
  }
  json::object given = arguments;
  const json::value* const source = given.if_contains("source");
  std::optional<media::SourceSpec> spec;
  if (operation == "say" && source != nullptr && source->is_object()) {
    auto made = blocking_source(source->get_object());
    if (!made) {
      return made.error();
    }
    spec = std::move(*made);
  }
  SoundReport::Reference reference;
  if (const std::string path = text_of(given, "reference"); operation == "listen" && !path.empty()) {
    auto read = SoundReport::blocking_read(path);
    if (!read) {
      return read.error();
    }
    reference = std::move(*read);
  }
  if (operation == "recognize") {
    if (const auto possible = recognizers_.blocking_check(); !possible) {
      return possible.error();
    }
  }
  const json::value* const number = given.if_contains("phone");
  const std::uint64_t id = number != nullptr && number->is_number() ? number->to_number<std::uint64_t>() : 0;
  return blocking_on_engine([this, id, name = std::string(operation), given = std::move(given), spec = std::move(spec),
                             reference = std::move(reference)](const ScriptPhone::Answer& answer) {
    const auto found = phones_.find(id);
    if (found == phones_.end()) {
      answer(Error(Errc::NotFound, "it is gone"));
    } else if (name == "close") {
      close(id);
      answer(json::object());
    } else if (spec) {
      found->second->say(*spec);
      answer(json::object());
    } else if (name == "listen") {
      answer(found->second->begin_report(given, reference));
    } else {
      found->second->carry_out(name, given, answer);
    }
  });
}

base::Result<media::SourceSpec> ScriptDesk::blocking_source(const json::object& source) {
  if (text_of(source, "kind") != "speech") {
    return blocking_script_source(source);
  }
  const auto path = spoken_.blocking_file(text_of(source, "text"), text_of(source, "voice") == "woman" ? speech::Voice::Woman : speech::Voice::Man);
  return path ? base::Result<media::SourceSpec>(media::SoundFile{.path = *path}) : path.error();
}

Outcome ScriptDesk::blocking_create(const json::object& options) {
  auto plan = script_phone_plan(options);
  if (!plan) {
    return plan.error();
  }
  if (exchange_ != nullptr) {
    exchange_->blocking_add(plan->agent);
  }
  if (plan->agent.media.security.policy != sdp::MediaSecurity::Off) {
    rtp::blocking_prepare_srtp();
  }
  const std::uint64_t id = ++last_id_;
  const auto shared = std::make_shared<ScriptPhonePlan>(std::move(*plan));
  return blocking_on_engine([this, id, shared](const ScriptPhone::Answer& answer) {
    if (!shared->stun_server) {
      create(id, *shared, answer);
      return;
    }
    find_stun_server(loop_.timers(), resolver_, *shared->stun_server, shared->listen.ip.is_v4(),
                     [this, id, shared, answer](const base::Result<base::SocketAddress>& found) {
                       if (!found) {
                         answer(Error(found.error().code, "stun_server: " + found.error().message()));
                         return;
                       }
                       shared->agent.media.stun_server = *found;
                       create(id, *shared, answer);
                     });
  });
}

void ScriptDesk::create(std::uint64_t id, const ScriptPhonePlan& plan, const ScriptPhone::Answer& answer) {
  auto made = ScriptPhone::create(
      {loop_, random_, resolver_, media_, [this](const call::Event& event) { captured(event); }, impairment_, impaired_, recognizers_}, id, plan, tell_);
  if (!made) {
    answer(made.error());
    return;
  }
  json::object created{{"phone", id}, {"address", (*made)->address().to_string()}};
  phones_.emplace(id, std::move(*made));
  answer(std::move(created));
}

void ScriptDesk::captured(const call::Event& event) {
  const auto& message = std::get<call::SipMessage>(event.what);
  for (net::CaptureFile* const file : {capture_.get(), trace_.get()}) {
    if (file != nullptr) {
      file->write(event.time, message.direction, message.flow, message.text);
    }
  }
  if (trace_text_ != nullptr) {
    const bool sent = message.direction == sip::TraceSink::Direction::Sent;
    const std::string time = base::to_text(event.time).substr(11, 12);
    const std::string transport(sip::to_string(message.flow.transport));
    std::fprintf(trace_text_, "[%s] SIP %s %s %s\n%s\n", time.c_str(), sent ? "TX →" : "RX ←", transport.c_str(), message.flow.remote.to_string().c_str(),
                 message.text.c_str());
  }
}

void ScriptDesk::captured(const std::vector<net::TappedPacket>& packets) {
  if (capture_ != nullptr) {
    for (const net::TappedPacket& packet : packets) {
      capture_->write(packet.time, packet.from, packet.to, packet.bytes);
    }
  }
}

base::Result<void> ScriptDesk::blocking_trace(const std::string& path) {
  const auto done = blocking_on_engine([this, path](const ScriptPhone::Answer& answer) {
    if (path.ends_with(".pcap")) {
      auto created = net::CaptureFile::blocking_create(loop_, files_, path, net::CaptureFile::SecureTransports::Write);
      if (created) {
        trace_ = std::move(*created);
      }
      answer(created ? Outcome(json::object()) : Outcome(created.error()));
      return;
    }
    trace_text_ = path == "-" ? stderr : std::fopen(path.c_str(), "w");
    answer(trace_text_ != nullptr ? Outcome(json::object()) : Outcome(Error(Errc::Io, path + ": cannot be written; check the folder and its permissions")));
  });
  return done ? base::ok() : done.error();
}

/// What was passed to the thread for files is in them.
void ScriptDesk::blocking_complete_files() {
  const auto written = std::make_shared<std::promise<void>>();
  auto done = written->get_future();
  if (files_.post([written] { written->set_value(); })) {
    done.wait_for(kPatience);
  }
}

base::Result<void> ScriptDesk::blocking_capture(const std::string& path) {
  const auto done = blocking_on_engine([this, path](const ScriptPhone::Answer& answer) {
    capture_.reset();
    media_.tap({});
    if (path.empty()) {
      answer(json::object());
      return;
    }
    auto created = net::CaptureFile::blocking_create(loop_, files_, path, net::CaptureFile::SecureTransports::Write);
    if (!created) {
      answer(created.error());
      return;
    }
    capture_ = std::move(*created);
    media_.tap([this](const net::TappedPackets& packets) { captured(*packets); });
    answer(json::object());
  });
  if (path.empty()) {
    blocking_complete_files();
  }
  return done ? base::ok() : done.error();
}

void ScriptDesk::close(std::uint64_t id) {
  auto node = phones_.extract(id);
  node.mapped()->leave();
  leaving_.insert(std::move(node));
  if (!look_.pending()) {
    look_.start(kLook);
  }
}

void ScriptDesk::look() {
  for (auto at = leaving_.begin(); at != leaving_.end();) {
    if (!at->second->has_left()) {
      ++at;
      continue;
    }
    const std::uint64_t id = at->first;
    at = leaving_.erase(at);
    tell_({{"kind", "phone"}, {"to", id}, {"type", "gone"}});
  }
  if (!leaving_.empty()) {
    look_.start(kLook);
  }
}

Outcome ScriptDesk::blocking_start_exchange(const std::string& path) {
  if (exchange_ == nullptr) {
    auto config = script_exchange_config(path);
    if (!config) {
      return config.error();
    }
    auto started = ScriptExchange::blocking_start(std::move(*config));
    if (!started) {
      return started.error();
    }
    exchange_ = std::move(*started);
  }
  return exchange_->description();
}

}  // namespace callwright::app
