#include "app/script_host.hpp"
#include "app/json_arguments.hpp"

#include "base/log.hpp"
#include "base/time_text.hpp"
#include "base/utf8.hpp"
#include "script/library.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <unistd.h>

namespace callwright::app {
namespace {

namespace json = boost::json;
using base::Errc;
using base::Error;

/// Messages that may wait; more than a flood of SIP makes in the seconds that one turn may take.
constexpr std::size_t kMaxMessages = 1'000'000;
/// Messages that a script is given at once; memory for many more would stay with the process.
constexpr std::size_t kMaxBatchBytes = 256u << 10;
constexpr std::size_t kMaxFileBytes = 16u << 20;
constexpr std::size_t kMaxBodyBytes = 16u << 20;
constexpr std::chrono::seconds kHttpTimeout{30};

base::Result<std::string> blocking_read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code failure;
  if (!file || std::filesystem::is_directory(path, failure)) {
    return Error(Errc::NotFound, path + ": cannot be read; check the path and its permissions");
  }
  if (std::filesystem::file_size(path, failure) > kMaxFileBytes) {
    return Error(Errc::LimitReached, path + ": is larger than 16 MiB");
  }
  std::ostringstream content;
  content << file.rdbuf();
  std::string text = std::move(content).str();
  std::size_t at = 0;
  std::size_t line = 1;
  for (std::size_t size = 0; at < text.size() && (size = base::utf8_character(std::string_view(text).substr(at))) != 0; at += size) {
    line += text[at] == '\n' ? 1U : 0U;
  }
  if (at < text.size()) {
    return Error(Errc::InvalidArgument, path + ":" + std::to_string(line) + ": is not UTF-8; save the file as UTF-8");
  }
  return text;
}

/// RFC 9562 §5.4.
std::string uuid(base::Random& random) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  std::string text(kForm);
  for (char& character : text) {
    if (character == 'x') {
      character = kHex[random.between(0, 15)];
    } else if (character == 'y') {
      character = kHex[random.between(8, 11)];
    }
  }
  return text;
}

/// All of it, or nothing more can be said to whoever reads.
void write_line(std::string line) {
  line += '\n';
  for (std::size_t written = 0; written < line.size();) {
    const ssize_t count = ::write(STDOUT_FILENO, line.data() + written, line.size() - written);
    if (count <= 0 && errno != EINTR) {
      return;
    }
    written += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
}

base::Result<std::string> part_of_library(std::string_view name) {
  const std::array<std::pair<std::string_view, std::string_view>, 4> parts{
      {{"rhai", script::kRhaiPart}, {"testfile", script::kTestfilePart}, {"syntax", script::kSyntaxPart}, {"transpiler", script::kTranspilerPart}}};
  const auto* const found = std::find_if(parts.begin(), parts.end(), [name](const auto& part) { return part.first == name; });
  return found == parts.end() ? base::Result<std::string>(Error(Errc::NotFound, "The library has no such part")) : std::string(found->second);
}

}  // namespace

ScriptHost::ScriptHost(net::EngineLoop& loop)
    : loop_(loop),
      engine_(script::Engine::Limits{}),
      messages_(kMaxMessages, base::Overflow::Refuse),
      wake_(loop.timers(), base::Callback::to<&ScriptHost::turn>(*this)) {}

ScriptHost::~ScriptHost() = default;

void ScriptHost::close() {
  mocks_.clear();
  http_.reset();
  desk_.reset();
}

void ScriptHost::add_functions() {
  engine_.add_function("ask", [this](std::string_view text) -> base::Result<std::string> {
    const json::value asked = json::parse(text);
    const json::value& arguments = asked.at(1);
    auto answered = answer(std::string_view(asked.at(0).as_string()), arguments.is_object() ? arguments.get_object() : json::object());
    if (!answered) {
      return answered.error();
    }
    return answered->is_null() ? std::string() : json::serialize(*answered);
  });
  engine_.add_function("emit", [this](std::string_view event) -> base::Result<std::string> {
    write_line(std::string(event));
    artifacts_.blocking_note(event);
    return std::string();
  });
  engine_.add_function("part", &part_of_library);
  engine_.add_function("now", [this](std::string_view /*nothing*/) -> base::Result<std::string> {
    return std::to_string(std::chrono::duration<double, std::milli>(loop_.clock().wall_now().time_since_epoch()).count());
  });
  engine_.add_function("wake", [this](std::string_view in_ms) -> base::Result<std::string> {
    double ms = -1;
    std::from_chars(in_ms.data(), in_ms.data() + in_ms.size(), ms);
    if (ms >= 0) {
      wake_.start(std::chrono::duration_cast<base::Duration>(std::chrono::duration<double, std::milli>(ms)));
    } else {
      wake_.cancel();
    }
    return std::string();
  });
  engine_.add_function("exit", [this](std::string_view status) -> base::Result<std::string> {
    std::from_chars(status.data(), status.data() + status.size(), status_);
    loop_.stop();
    return std::string();
  });
}

base::Result<void> ScriptHost::load() {
  add_functions();
  if (auto loaded = engine_.evaluate(script::kScenarioLibrary, "callwright:scenario"); !loaded) {
    return loaded;
  }
  return engine_.tell_rejections_to("onRejection");
}

void ScriptHost::tell(const json::object& message) {
  if (messages_.push(json::serialize(message)).was_empty) {
    static_cast<void>(loop_.post([this] { turn(); }));
  }
}

void ScriptHost::turn() {
  std::string batch;
  for (const std::string& message : messages_.take_all()) {
    batch += (batch.empty() ? "[" : ",") + message;
    if (batch.size() >= kMaxBatchBytes) {
      pass(batch + "]");
      batch.clear();
    }
  }
  pass((batch.empty() ? "[" : batch) + "]");
  static_cast<void>(engine_.call("untilNextTimer", ""));
}

void ScriptHost::pass(const std::string& batch) {
  if (const auto done = engine_.call("turn", batch); !done) {
    // Ended by force: whatever waits in the script is told so.
    const json::object ended{{"kind", "terminated"}, {"text", done.error().message()}};
    static_cast<void>(engine_.call("turn", "[" + json::serialize(ended) + "]"));
  }
}

base::Result<json::value> ScriptHost::begin_http(const json::object& arguments) {
  if (http_ == nullptr) {
    net::HttpClient::Settings settings;
    settings.timeout = kHttpTimeout;
    settings.kept_body = kMaxBodyBytes;
    settings.redirects = net::HttpClient::Settings::Redirects::Followed;
    const bool verify = std::getenv("CALLWRIGHT_INSECURE_HTTP") == nullptr;
    settings.verification = verify ? net::HttpClient::Settings::Verification::On : net::HttpClient::Settings::Verification::Off;
    auto made = net::HttpClient::blocking_create(std::move(settings));
    if (!made) {
      return made.error();
    }
    http_ = std::move(*made);
  }
  auto url = net::HttpUrl::parse(text_of(arguments, "url"));
  if (!url) {
    return url.error();
  }
  net::HttpClient::Request request{std::move(*url), {}, text_of(arguments, "body"), text_of(arguments, "method")};
  if (request.method.empty() || request.method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != std::string::npos) {
    return Error(Errc::InvalidArgument, "\"" + request.method + "\" is no HTTP method; say GET, POST, PUT, …");
  }
  if (const json::value* const headers = arguments.if_contains("headers"); headers != nullptr && headers->is_array()) {
    for (const json::value& header : headers->get_array()) {
      const std::string line = std::string(header.at(0).as_string()) + ": " + std::string(header.at(1).as_string());
      if (line.find_first_of("\r\n") != std::string::npos) {
        return Error(Errc::InvalidArgument, "A header field holds a line end; it has to be one line");
      }
      request.headers.push_back(line);
    }
  }
  const json::value& wanted = arguments.at("id");
  const bool accepted = http_->post(std::move(request), [this, id = json::value(wanted)](const net::HttpClient::Answer& answer) {
    json::object message{{"kind", "http"}, {"id", id}, {"status", answer.status}, {"body", answer.body}};
    if (answer.status == 0) {
      message["error"] = answer.error;
    }
    json::array headers;
    for (const std::string& line : answer.headers) {
      const std::size_t colon = std::min(line.find(':'), line.size());
      const std::size_t value = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
      headers.push_back(json::array{line.substr(0, colon), line.substr(value)});
    }
    message["headers"] = std::move(headers);
    tell(message);
  });
  return accepted ? base::Result<json::value>(nullptr) : Error(Errc::LimitReached, "too many HTTP requests wait");
}

base::Result<json::value> ScriptHost::start_mock(const json::object& arguments) {
  const std::string host = text_of(arguments, "address");
  const auto ip = base::IpAddress::parse(host);
  const auto port = arguments.at("port").to_number<std::int64_t>();
  if (!ip || port < 0 || port > 65'535) {
    return Error(Errc::InvalidArgument,
                 "A mock server listens on an address such as 127.0.0.1 and a port from 0 (any) to 65535, not on " + host + ":" + std::to_string(port));
  }
  const server::MockHttpServer::Certificate certificate{text_of(arguments, "certificate"), text_of(arguments, "key")};
  const std::uint64_t id = ++last_mock_;
  auto listening = server::MockHttpServer::listen(loop_.context(), {*ip, static_cast<std::uint16_t>(port)}, certificate,
                                                  [this, id](const server::MockHttpServer::Request& request) {
                                                    json::array headers;
                                                    for (const auto& [name, value] : request.headers) {
                                                      headers.push_back(json::array{name, value});
                                                    }
                                                    tell({{"kind", "mock"},
                                                          {"server", id},
                                                          {"request", request.id},
                                                          {"method", request.method},
                                                          {"target", request.target},
                                                          {"headers", std::move(headers)},
                                                          {"body", request.body}});
                                                  });
  if (!listening) {
    return listening.error();
  }
  const base::SocketAddress address = (*listening)->address();
  mocks_.emplace(id, std::move(*listening));
  const std::string scheme = certificate.chain_file.empty() ? "http://" : "https://";
  return Outcome(json::object{{"id", id}, {"url", scheme + address.to_string()}, {"port", address.port}});
}

base::Result<json::value> ScriptHost::answer_mock(const json::object& arguments) {
  server::MockHttpServer::Answer answer{arguments.at("status").to_number<unsigned>(), {}, text_of(arguments, "body")};
  if (answer.status < 200 || answer.status > 599) {
    return Error(Errc::InvalidArgument, "A mock server answers with a status from 200 to 599");
  }
  for (const json::value& header : arguments.at("headers").as_array()) {
    answer.headers.emplace_back(std::string(header.at(0).as_string()), std::string(header.at(1).as_string()));
  }
  const auto server = mocks_.find(arguments.at("server").to_number<std::uint64_t>());
  if (server != mocks_.end()) {
    server->second->answer(arguments.at("request").to_number<std::uint64_t>(), std::move(answer));
  }
  return Outcome(nullptr);
}

base::Result<json::value> ScriptHost::file(std::string_view step, const json::object& arguments) {
  const std::string path = text_of(arguments, "path");
  std::error_code failure;
  if (step == "read") {
    auto content = blocking_read(path);
    return content ? Outcome(*content) : content.error();
  }
  if (step == "exists") {
    return Outcome(std::filesystem::is_regular_file(path, failure));
  }
  if (step == "resolve") {
    return Outcome((std::filesystem::path(text_of(arguments, "folder")) / path).lexically_normal().string());
  }
  if (step == "rename") {
    std::filesystem::rename(path, text_of(arguments, "to"), failure);
    return failure ? Error(Errc::Io, path + ": " + failure.message()) : Outcome(nullptr);
  }
  if (step == "write") {
    std::ofstream written(path, std::ios::binary | std::ios::trunc);
    written << text_of(arguments, "text");
    written.close();
    return written ? Outcome(nullptr) : Error(Errc::Io, path + ": cannot be written; check the folder and its permissions");
  }
  return Error(Errc::NotFound, "there is no file operation \"" + std::string(step) + "\"");
}

base::Result<json::value> ScriptHost::open_log(const std::string& path) {
  static constexpr std::string_view kLevels[] = {"trace", "debug", "info", "warning", "error"};
  base::log::set_level(base::log::Level::Debug);
  if (path == "-") {
    return Outcome(nullptr);
  }
  const auto file = std::make_shared<std::ofstream>(path, std::ios::trunc);
  if (!*file) {
    return Error(Errc::Io, path + ": cannot be written; check the folder and its permissions");
  }
  base::log::set_sink([file](base::log::Level level, std::string_view line) {
    *file << base::to_text(base::SystemClock().wall_now()) << ' ' << kLevels[static_cast<std::size_t>(level)] << ' ' << line << std::endl;
  });
  return Outcome(nullptr);
}

base::Result<json::value> ScriptHost::configure(const json::object& arguments) {
  const std::string keep = text_of(arguments, "trace");
  artifacts_.configure(keep == "on"                  ? ScriptArtifacts::Keep::Everything
                       : keep == "retain-on-failure" ? ScriptArtifacts::Keep::Failures
                                                     : ScriptArtifacts::Keep::Nothing,
                       text_of(arguments, "artifacts"));
  std::optional<net::Impairment::Options> impairment;
  if (const std::string said = text_of(arguments, "impair"); !said.empty()) {
    const auto options = net::Impairment::Options::parse(said);
    if (!options) {
      return Error(Errc::InvalidArgument, "--impair: " + options.error().message());
    }
    impairment = *options;
    const json::value* const seed = arguments.if_contains("seed");
    impairment->seed = seed != nullptr && seed->is_number() ? seed->to_number<std::uint64_t>() : 1;
  }
  desk_ = std::make_unique<ScriptDesk>([this](const json::object& event) { tell(event); }, impairment);
  if (const std::string path = text_of(arguments, "sip_trace"); !path.empty()) {
    if (const auto traced = desk_->blocking_trace(path); !traced) {
      return traced.error();
    }
  }
  const std::string log = text_of(arguments, "log");
  return log.empty() ? Outcome(nullptr) : open_log(log);
}

base::Result<json::value> ScriptHost::scenario(std::string_view step, const json::object& arguments) {
  if (step == "begin") {
    auto begun = artifacts_.blocking_begin(text_of(arguments, "name"), arguments.at("attempt").to_number<int>());
    if (begun) {
      begun = desk_->blocking_capture(artifacts_.capture_path());
    }
    return begun ? Outcome(json::object{{"path", artifacts_.folder().string()}}) : begun.error();
  }
  static_cast<void>(desk_->blocking_capture(""));
  return Outcome(artifacts_.blocking_end(arguments.at("passed").as_bool()));
}

base::Result<json::value> ScriptHost::answer(std::string_view operation, const json::object& arguments) {
  if (operation == "run.configure") {
    return configure(arguments);
  }
  const bool needs_phones = operation.starts_with("phone.") || operation.starts_with("scenario.") || operation == "exchange.start";
  if (desk_ == nullptr && needs_phones) {
    return operation == "scenario.end" ? Outcome(nullptr) : Error(Errc::WrongState, "the file is only looked at, not run");
  }
  if (operation.starts_with("phone.")) {
    auto done = desk_->blocking_ask(operation.substr(6), arguments);
    return done ? Outcome(std::move(*done)) : done.error();
  }
  if (operation.starts_with("file.")) {
    return file(operation.substr(5), arguments);
  }
  if (operation == "env") {
    const char* const value = std::getenv(text_of(arguments, "name").c_str());
    return value == nullptr ? Outcome(nullptr) : Outcome(value);
  }
  if (operation == "cwd") {
    return Outcome(std::filesystem::current_path().string());
  }
  if (operation == "uuid") {
    return Outcome(uuid(random_));
  }
  if (operation == "http.begin") {
    return begin_http(arguments);
  }
  if (operation == "mock.start") {
    return start_mock(arguments);
  }
  if (operation == "mock.answer") {
    return answer_mock(arguments);
  }
  if (operation == "mock.stop") {
    mocks_.erase(arguments.at("id").to_number<std::uint64_t>());
    return Outcome(nullptr);
  }
  if (operation == "exchange.start") {
    auto started = desk_->blocking_start_exchange(text_of(arguments, "config"));
    return started ? Outcome(std::move(*started)) : started.error();
  }
  if (operation.starts_with("scenario.")) {
    return scenario(operation.substr(9), arguments);
  }
  return Error(Errc::NotFound, "there is no operation \"" + std::string(operation) + "\"");
}

}  // namespace callwright::app
