// SPDX-License-Identifier: BSL-1.0
// fuzz_seeds FOLDER: writes the seeds of `differential` that people wrote, as bytes: one for each occasion of a rule
// (tests/occasion_cases.txt), and the example scenarios. For when the byte form changes.

#include <spec/stage/form/bytes.hpp>
#include <spec/stage/form/json.hpp>
#include <spec/stage/form/line.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace {

namespace fs = std::filesystem;
using namespace galley;

void write(const fs::path& file, const spec::scenario& s) {
    const auto bytes = spec::to_bytes(s);
    std::ofstream out{file, std::ios::binary};
    std::ranges::copy(bytes, std::ostreambuf_iterator<char>{out});
    if (!out.flush()) throw std::runtime_error{file.string() + " cannot be written"};
}

void write_occasions(const fs::path& folder) {
    std::ifstream in{GALLEY_SOURCE_DIR "/tests/occasion_cases.txt"};
    std::string name;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("== ")) name = line.substr(3);
        if (line.starts_with("+ ")) write(folder / ("occasion-" + name), spec::scenario_of_line(line.substr(2)));
    }
}

void write_examples(const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator{GALLEY_SOURCE_DIR "/spec/scenario/examples"}) {
        if (entry.path().extension() != ".json") continue;
        std::ifstream in{entry.path()};
        const std::string text{std::istreambuf_iterator<char>{in}, {}};
        write(folder / ("example-" + entry.path().stem().string()), spec::parse_json(text, entry.path().string()));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s FOLDER   writes the seeds of `differential` that people wrote\n", argv[0]);
        return 2;
    }
    try {
        fs::create_directories(argv[1]);
        write_occasions(argv[1]);
        write_examples(argv[1]);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
    return 0;
}
