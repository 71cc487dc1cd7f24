#include "app/test_outputs.hpp"

#include "base/base64.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <vector>

namespace callwright::app {
namespace {

namespace fs = std::filesystem;

/// What is put into the report: of one file, and of all.
constexpr std::uint64_t kMaxEmbedded = 3U << 20U;
constexpr std::uint64_t kMaxEmbeddedTotal = 48U << 20U;

struct MediaType {
  std::string_view ending;
  std::string_view type;
};
constexpr std::array<MediaType, 8> kMediaTypes{{{".wav", "audio/wav"},
                                                {".flac", "audio/flac"},
                                                {".ogg", "audio/ogg"},
                                                {".mp3", "audio/mpeg"},
                                                {".pcap", "application/vnd.tcpdump.pcap"},
                                                {".json", "application/json"},
                                                {".ndjson", "application/x-ndjson"},
                                                {".log", "text/plain;charset=utf-8"}}};

std::string_view media_type_of(const fs::path& path) {
  for (const MediaType& type : kMediaTypes) {
    if (path.extension() == type.ending) {
      return type.type;
    }
  }
  return "application/octet-stream";
}

std::string data_uri(const fs::path& path, std::uint64_t size) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::uint8_t> bytes(size);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  return fmt::format("data:{};base64,{}", media_type_of(path), base::to_base64(bytes));
}

/// Percent-encoded where a link needs it.
std::string link(const std::string& path) {
  std::string out;
  for (const char character : path) {
    const auto byte = static_cast<unsigned char>(character);
    const bool plain = std::isalnum(byte) != 0 || std::string_view("-_.~/").find(character) != std::string_view::npos;
    out += plain ? std::string(1, character) : fmt::format("%{:02X}", byte);
  }
  return out;
}

std::set<std::string> paths_of(const verify::RunSummary& summary) {
  std::set<std::string> paths;
  for (const auto& file : summary.files()) {
    for (const auto& scenario : file.scenarios) {
      for (const auto& attempt : scenario.attempts) {
        for (const auto& artifact : attempt.artifacts) {
          paths.insert(artifact.path);
        }
      }
    }
  }
  return paths;
}

}  // namespace

std::vector<verify::ReportAttachment> blocking_attachments(const verify::RunSummary& summary, const std::string& report) {
  std::vector<verify::ReportAttachment> attachments;
  const fs::path folder = fs::absolute(report).lexically_normal().parent_path();
  std::uint64_t total = 0;
  for (const std::string& path : paths_of(summary)) {
    std::error_code error;
    verify::ReportAttachment attachment{path, "", fs::file_size(path, error), false, false};
    if (error) {
      attachment.size = 0;
      attachment.missing = true;
    } else if (attachment.size <= kMaxEmbedded && total + attachment.size <= kMaxEmbeddedTotal) {
      total += attachment.size;
      attachment.embedded = true;
      attachment.href = data_uri(path, attachment.size);
    } else {
      attachment.href = link(fs::absolute(path).lexically_normal().lexically_relative(folder).string());
    }
    attachments.push_back(std::move(attachment));
  }
  return attachments;
}

}  // namespace callwright::app
