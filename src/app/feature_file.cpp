#include "app/feature_file.hpp"

#include "server/call_api/features_json.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace callwright::app {

using base::Errc;
using base::Error;
using base::Result;
using server::call_api::Json;

namespace {

constexpr std::size_t kMaxDepth = 8;
constexpr std::uintmax_t kMaxBytes = 64 * 1024 * 1024;

}  // namespace

Result<void> FeatureFile::blocking_read() {
  std::error_code failed;
  if (!std::filesystem::exists(path_, failed) && !failed) {
    return base::ok();
  }
  const std::uintmax_t size = std::filesystem::file_size(path_, failed);
  std::ifstream stream(path_, std::ios::binary);
  if (failed || !stream || size > kMaxBytes) {
    return Error(Errc::Io, path_ + ": cannot be read; check exchange.features_file and the permissions of the file");
  }
  const auto json = server::call_api::parse_json(std::string(std::istreambuf_iterator<char>(stream), {}), kMaxDepth);
  if (!json || json->object() == nullptr) {
    return Error(Errc::InvalidArgument, path_ + ": " + (json ? "expected an object with a member for each user" : json.error().message()));
  }
  for (const Json::Member& member : *json->object()) {
    const auto change = server::call_api::read_features(member.value);
    if (!change) {
      return Error(Errc::InvalidArgument, path_ + ": " + member.name + ": " + change.error().message());
    }
    change->apply_to(entries_[member.name]);
  }
  return base::ok();
}

Result<void> FeatureFile::blocking_set(const std::string& user, const call::UserFeatures& changed) {
  entries_[user] = changed;
  Json::Object object;
  for (const auto& [name, features] : entries_) {
    object.push_back({name, server::call_api::to_json(features)});
  }
  std::string text;
  append_json(text, Json{std::move(object)}, server::call_api::MemberOrder::Sorted);
  // Whoever reads it meanwhile, or after a crash, sees the one or the other.
  const std::string draft = path_ + ".new";
  std::ofstream stream(draft, std::ios::binary | std::ios::trunc);
  stream << text << '\n';
  stream.close();
  std::error_code failed;
  if (stream) {
    std::filesystem::rename(draft, path_, failed);
  }
  if (!stream || failed) {
    return Error(Errc::Io, path_ + ": cannot be written; what was changed is lost with the next restart");
  }
  return base::ok();
}

}  // namespace callwright::app
