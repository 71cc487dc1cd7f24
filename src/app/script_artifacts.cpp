#include "app/script_artifacts.hpp"

#include <boost/json/object.hpp>

#include <cctype>
#include <utility>

namespace callwright::app {
namespace {

constexpr std::size_t kMaxName = 60;
constexpr const char* kCapture = "capture.pcap";
constexpr const char* kJournal = "journal.ndjson";
/// Of a file without packets: its header.
constexpr std::uintmax_t kEmptyCapture = 24;

}  // namespace

std::string folder_name(std::string_view text) {
  std::string name;
  for (const char character : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(character)) != 0;
    if (plain) {
      name += character;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  name.resize(std::min(name.size(), kMaxName));
  while (!name.empty() && name.back() == '-') {
    name.pop_back();
  }
  return name.empty() ? "scenario" : name;
}

void ScriptArtifacts::configure(Keep keep, std::filesystem::path folder) {
  keep_ = keep;
  root_ = std::move(folder);
}

std::string ScriptArtifacts::capture_path() const { return folder_.empty() ? std::string() : (folder_ / kCapture).string(); }

base::Result<void> ScriptArtifacts::blocking_begin(std::string_view scenario, int attempt) {
  if (keep_ == Keep::Nothing || root_.empty()) {
    return base::ok();
  }
  folder_ = root_ / (std::to_string(++scenarios_) + "-" + folder_name(scenario) + (attempt > 1 ? "-attempt-" + std::to_string(attempt) : std::string()));
  std::error_code failure;
  std::filesystem::create_directories(folder_, failure);
  journal_.open(folder_ / kJournal, std::ios::trunc);
  if (failure || !journal_) {
    return base::Error(base::Errc::Io, folder_.string() + ": cannot be made; check the folder of --artifacts and its permissions");
  }
  return base::ok();
}

void ScriptArtifacts::blocking_note(std::string_view event) {
  if (journal_.is_open()) {
    journal_ << event << '\n';
  }
}

boost::json::array ScriptArtifacts::blocking_end(bool passed) {
  boost::json::array kept;
  const std::filesystem::path folder = std::exchange(folder_, {});
  if (folder.empty()) {
    return kept;
  }
  journal_.close();
  std::error_code failure;
  if (passed && keep_ == Keep::Failures) {
    std::filesystem::remove_all(folder, failure);
    return kept;
  }
  if (std::filesystem::file_size(folder / kCapture, failure) <= kEmptyCapture) {
    std::filesystem::remove(folder / kCapture, failure);
  }
  for (const auto& [kind, name] : {std::pair{"journal", kJournal}, std::pair{"pcap", kCapture}}) {
    if (std::filesystem::exists(folder / name, failure)) {
      kept.push_back(boost::json::object{{"kind", kind}, {"path", (folder / name).string()}});
    }
  }
  return kept;
}

}  // namespace callwright::app
