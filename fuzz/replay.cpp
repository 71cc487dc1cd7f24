// Gives every file of a folder, and every beginning of it, to a fuzz target: what was once found stays fixed without a fuzzer.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

/// Prefixes of longer inputs are left to the fuzzer.
constexpr std::size_t kLongestPrefixed = 4096;

void replay(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::vector<char> content{std::istreambuf_iterator<char>(stream), {}};
  const std::size_t first = content.size() <= kLongestPrefixed ? 0 : content.size();
  for (std::size_t size = first; size <= content.size(); ++size) {
    // A copy of just that size, so that a sanitizer sees a read beyond the end.
    const std::vector<std::uint8_t> input(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(size));
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2 || !std::filesystem::is_directory(arguments[1])) {
    std::fprintf(stderr, "usage: %s FOLDER-WITH-SEEDS\n", arguments[0]);
    return 2;
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
    replay(entry.path());
    ++files;
  }
  std::printf("%zu seeds\n", files);
  return files == 0 ? 1 : 0;
}
