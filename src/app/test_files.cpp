#include "app/test_files.hpp"

#include "base/similar_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

namespace callwright::app {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using base::Error;
using base::Result;

constexpr int kMaxDepth = 32;
/// Of a script, to find out what it is; more is no test.
constexpr std::size_t kMaxText = 4U << 20U;

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kLanguages{
    {{".js", "js"}, {".mjs", "js"}, {".ts", "ts"}, {".rhai", "rhai"}, {".test", "test"}}};

std::string_view language_of(const fs::path& path) {
  const std::string ending = path.extension().string();
  const auto* const found = std::find_if(kLanguages.begin(), kLanguages.end(), [&](const auto& entry) { return entry.first == ending; });
  // Definitions for editors are no programs.
  const bool declarations = path.string().ends_with(".d.ts") || path.string().ends_with(".d.rhai");
  return found == kLanguages.end() || declarations ? std::string_view() : found->second;
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxText, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  return text;
}

bool is_word(char character) { return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_' || character == '$'; }

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

/// What stands behind the word is a call: `(`, or `.each(` and the like.
bool goes_on_as_call(std::string_view rest) {
  rest = without_blanks(rest);
  if (rest.starts_with('.')) {
    rest = without_blanks(rest.substr(1));
    rest.remove_prefix(static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_word) - rest.begin()));
    rest = without_blanks(rest);
  }
  return rest.starts_with('(');
}

/// The beginning of the line says that it is a comment. Comments behind code and in the middle of it are not told from code: a file too many is better than one
/// too few.
bool in_comment(std::string_view text, std::size_t at) {
  const std::size_t line = text.rfind('\n', at) == std::string_view::npos ? 0 : text.rfind('\n', at) + 1;
  const std::string_view start = without_blanks(text.substr(line, at - line));
  return start.starts_with("//") || start.starts_with('*') || start.starts_with("/*");
}

template <class Accept>
bool has_word(std::string_view text, std::string_view word, Accept accept) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word(text[at - 1]);
    const std::size_t end = at + word.size();
    const bool ends = end == text.size() || !is_word(text[end]);
    if (begins && ends && accept(at)) {
      return true;
    }
  }
  return false;
}

bool mentions_only(std::string_view text) {
  return has_word(text, "only", [text](std::size_t at) { return !in_comment(text, at); });
}

std::string missing(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    names.push_back(entry.path().filename().string());
  }
  if (error) {
    return fmt::format("{} does not exist, and {} cannot be read", path.string(), folder.string());
  }
  constexpr std::size_t kMostChanges = 3;
  const std::string name = path.filename().string();
  const auto near = base::most_similar(names.begin(), names.end(), name, kMostChanges, [](const std::string& each) { return std::string_view(each); });
  const std::string meant = near == names.end() ? "" : fmt::format("; did you mean {}?", (path.parent_path() / *near).string());
  return fmt::format("{} does not exist{}", path.string(), meant);
}

/// Collects; a file or folder is known by where it really is, so that links lead to nothing twice.
class Collection {
 public:
  explicit Collection(std::string_view language) : language_(language) {}

  Result<void> add(const fs::path& path) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status)) {
      return Error(Errc::NotFound, missing(path));
    }
    if (fs::is_directory(status)) {
      add_folder(path, 0);
      return base::ok();
    }
    const std::string_view language = language_.empty() ? language_of(path) : std::string_view(language_);
    if (language.empty()) {
      return Error(Errc::InvalidArgument,
                   fmt::format("{}: tests end in .js, .mjs, .ts, .rhai or .test; --lang says what another file is written in", path.string()));
    }
    add_file(path, language, read_text(path));
    return base::ok();
  }

  std::vector<TestFile> take() {
    std::sort(files_.begin(), files_.end(), [](const TestFile& left, const TestFile& right) { return left.display < right.display; });
    return std::move(files_);
  }

 private:
  void add_folder(const fs::path& folder, int depth) {
    std::error_code error;
    if (depth > kMaxDepth || !seen_.insert(fs::canonical(folder, error).string()).second) {
      return;
    }
    for (const auto& entry : fs::directory_iterator(folder, fs::directory_options::skip_permission_denied, error)) {
      const std::string name = entry.path().filename().string();
      std::error_code ignored;
      if (name.starts_with('.') || name == "node_modules") {
        continue;
      }
      if (entry.is_directory(ignored)) {
        add_folder(entry.path(), depth + 1);
      } else if (entry.is_regular_file(ignored)) {
        add_found(entry.path());
      }
    }
  }

  void add_found(const fs::path& path) {
    const std::string_view language = language_of(path);
    if (language.empty() || (!language_.empty() && language != language_)) {
      return;
    }
    const std::string text = read_text(path);
    if (language == "test" || declares_scenarios(text)) {
      add_file(path, language, text);
    }
  }

  void add_file(const fs::path& path, std::string_view language, std::string_view text) {
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    if (error || !seen_.insert(real.string()).second) {
      return;
    }
    files_.push_back({fs::absolute(path).lexically_normal().string(), path.lexically_normal().string(), std::string(language), mentions_only(text)});
  }

  const std::string language_;
  std::vector<TestFile> files_;
  std::set<std::string> seen_;
};

}  // namespace

Result<std::vector<TestFile>> blocking_collect_tests(const std::vector<std::string>& paths, std::string_view language) {
  Collection collection(language);
  for (const std::string& path : paths) {
    if (const auto added = collection.add(path); !added) {
      return added.error();
    }
  }
  return collection.take();
}

std::vector<TestFile> files_of_shard(const std::vector<TestFile>& files, const Shard& shard) {
  std::vector<TestFile> own;
  for (std::size_t at = shard.index - 1; at < files.size(); at += shard.count) {
    own.push_back(files[at]);
  }
  return own;
}

bool declares_scenarios(std::string_view text) {
  constexpr std::string_view kWord = "scenario";
  return has_word(text, kWord, [text, kWord](std::size_t at) {
    const bool member = at > 0 && text[at - 1] == '.';
    return !member && goes_on_as_call(text.substr(at + kWord.size())) && !in_comment(text, at);
  });
}

std::string folder_name_of(const TestFile& file) {
  std::string name;
  for (const char character : file.display) {
    name += is_word(character) || character == '.' || character == '-' ? character : '-';
  }
  // "../a" and "/a" must lead nowhere else, and a name is no option.
  name.erase(0, name.find_first_not_of(".-"));
  constexpr std::size_t kMaxName = 120;
  return name.size() > kMaxName ? name.substr(name.size() - kMaxName) : name;
}

}  // namespace callwright::app
