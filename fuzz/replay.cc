// Runs every target over its corpus, without libFuzzer: what was found once stays mended with every
// compiler and sanitizer.
//
// usage: fuzz_replay CORPUS       every file of CORPUS/TARGET/; one TAP line a target
//        fuzz_replay TARGET FILE  one input, as libFuzzer leaves it behind
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "target.h"

namespace tidemark::fuzz {

Target::Target(const char* target_name, void (*run_target)(std::string_view))
    : name(target_name), run(run_target), next(first()) {
  first() = this;
}

const Target*& Target::first() {
  static const Target* first = nullptr;
  return first;
}

namespace {

namespace fs = std::filesystem;

std::vector<const Target*> targets() {
  std::vector<const Target*> all;
  for (const Target* each = Target::first(); each != nullptr; each = each->next)
    all.push_back(each);
  std::sort(all.begin(), all.end(), [](const Target* a, const Target* b) {
    return std::string_view(a->name) < std::string_view(b->name);
  });
  return all;
}

// Says which input it is before it runs: afterwards nobody may be left to say it.
void run_file(const Target& target, const fs::path& path) {
  std::fprintf(stderr, "# %s %s\n", target.name, path.c_str());
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  // A copy that ends where the input ends, as AddressSanitizer can see.
  const std::vector<char> exact(bytes.begin(), bytes.end());
  target.run({exact.data(), exact.size()});
}

int run_corpus(const fs::path& corpus) {
  const auto all = targets();
  std::printf("1..%zu\n", all.size());
  int status = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<fs::path> files;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(corpus / all[i]->name, none)) {
      files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) run_file(*all[i], file);
    if (files.empty()) status = 1;
    std::printf("%s %zu - %s holds for the %zu inputs of its corpus\n",
                files.empty() ? "not ok" : "ok", i + 1, all[i]->name, files.size());
    std::fflush(stdout);
  }
  return status;
}

int main(const std::vector<std::string>& arguments) {
  if (arguments.size() == 1) return run_corpus(arguments[0]);
  for (const Target* each : targets()) {
    if (arguments.size() == 2 && arguments[0] == each->name) {
      run_file(*each, arguments[1]);
      return 0;
    }
  }
  std::fprintf(stderr, "usage: fuzz_replay CORPUS\n       fuzz_replay TARGET FILE\n");
  return 2;
}

}  // namespace
}  // namespace tidemark::fuzz

int main(int argc, char** argv) {
  return tidemark::fuzz::main({argv + 1, argv + argc});
}
