#include "app/run_file.hpp"

#include "app/script_host.hpp"
#include "base/log.hpp"
#include "script/library.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/json/parse.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <istream>
#include <string>

#include <unistd.h>

namespace callwright::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxLineBytes = 4u << 20;

/// What the runner says, a line each: the job, then perhaps that it is to stop. The end of it means the same: nobody reads our events any more.
class Orders {
 public:
  Orders(net::EngineLoop& loop, ScriptHost& host) : host_(host), input_(loop.context(), ::dup(STDIN_FILENO)), buffer_(kMaxLineBytes) { read(); }

 private:
  void read() {
    boost::asio::async_read_until(input_, buffer_, '\n', [this](const boost::system::error_code& failure, std::size_t /*bytes*/) {
      if (failure) {
        host_.tell({{"kind", "stop"}});
        return;
      }
      std::istream stream(&buffer_);
      std::string line;
      std::getline(stream, line);
      take(line);
      read();
    });
  }

  void take(const std::string& line) {
    boost::system::error_code wrong;
    const json::value order = json::parse(line, wrong);
    const json::object* const object = wrong ? nullptr : order.if_object();
    if (object == nullptr) {
      std::fprintf(stderr, "callwright run-file: \"%s\" is no job; this command is for callwright test, which starts it\n", line.substr(0, 60).c_str());
      host_.tell({{"kind", "stop"}});
    } else if (object->contains("stop")) {
      host_.tell({{"kind", "stop"}});
    } else {
      host_.tell({{"kind", "job"}, {"job", *object}});
    }
  }

  ScriptHost& host_;
  boost::asio::posix::stream_descriptor input_;
  boost::asio::streambuf buffer_;
};

}  // namespace

int run_file() {
  // Ctrl-C reaches all processes of a terminal; the runner says what is to be done.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  base::log::set_level(base::log::Level::Error);
  net::EngineLoop loop({.name = "script", .slow_iteration = std::chrono::seconds(10)});
  ScriptHost host(loop);
  if (const auto loaded = host.load(); !loaded) {
    std::fprintf(stderr, "callwright run-file: %s\n", loaded.error().message().c_str());
    return 1;
  }
  const Orders orders(loop, host);
  loop.run();
  host.close();
  // Taking the script engine apart waits for its compiler, which may be busy for half a second with what nobody needs any more.
  std::fflush(nullptr);
  std::_Exit(host.status());
}

int write_definitions(const std::string& path, DefinitionsLanguage language) {
  const bool rhai = language == DefinitionsLanguage::Rhai;
  const std::string_view text = rhai ? script::kRhaiDefinitions : script::kDefinitions;
  if (path == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
  }
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) {
    std::fprintf(stderr, "callwright definitions: %s: cannot be written; check the folder and its permissions\n", path.c_str());
    return 1;
  }
  if (rhai) {
    std::printf("%s written; keep it beside the scenarios, where the language server of Rhai finds it\n", path.c_str());
    return 0;
  }
  std::printf("%s written; put /// <reference path=\"%s\" /> at the top of a scenario\n", path.c_str(), path.c_str());
  return 0;
}

}  // namespace callwright::app
