// SPDX-License-Identifier: BSL-1.0
// The main program of a fuzz target where there is no fuzzing engine: runs each file that it is given, and each file
// below each folder, and finds leaks. So any compiler can build every target, and a corpus or a crash
// can be replayed anywhere.
#include <fuzz/support/live_heap.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

/// In a fixed order, so that what one run shows another one shows too.
std::vector<fs::path> files_of(const std::vector<std::string>& arguments) {
    std::vector<fs::path> found;
    for (const fs::path given : arguments) {
        if (!fs::is_directory(given)) {
            found.push_back(given);
            continue;
        }
        const auto first = static_cast<std::ptrdiff_t>(found.size());
        for (const auto& entry : fs::recursive_directory_iterator{given}) {
            if (entry.is_regular_file()) found.push_back(entry.path());
        }
        std::sort(found.begin() + first, found.end());
    }
    return found;
}

using bytes = std::vector<std::uint8_t>;

/// Throws std::system_error, which names the file.
bytes read(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    in.exceptions(std::ios::badbit);
    bytes content{std::istreambuf_iterator<char>{in}, {}};
    if (!in) {
        throw std::system_error{std::make_error_code(std::errc::io_error), file.string() + ": cannot be read"};
    }
    return content;
}

/// The number in `-runs=N`, as libFuzzer has it for files; 1 if there is none.
unsigned long runs_of(const std::vector<std::string>& arguments) {
    constexpr std::string_view option{"-runs="};
    for (const auto& a : arguments) {
        if (a.starts_with(option)) return std::strtoul(a.c_str() + option.size(), nullptr, 10);
    }
    return 1;
}

void run_all(const std::vector<fs::path>& files, unsigned long runs) {
    std::size_t inputs = 0;
    double seconds = 0;
    for (const auto& file : files) {
        // A heap block of exactly its size, so that a sanitizer sees what is read beyond it.
        const bytes input = read(file);
        std::fprintf(stderr, "Running: %s\n", file.c_str());  // before, as after a crash nobody would know
        const std::clock_t begin = std::clock();
        galley::fuzz::leaving_nothing([&] { LLVMFuzzerTestOneInput(input.data(), input.size()); });
        for (unsigned long i = 1; i < runs; ++i) LLVMFuzzerTestOneInput(input.data(), input.size());
        seconds += static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
        ++inputs;
    }
    std::printf("%zu inputs, %lu run(s) of each, nothing found", inputs, runs);
    if (runs > 1)
        std::printf("; %.0f cases per second of processor time", static_cast<double>(inputs * runs) / seconds);
    std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) try {
    const std::vector<std::string> arguments{argv + 1, argv + argc};
    // Options are the engine's: a line that works with it works here.
    std::vector<std::string> places;
    std::ranges::copy_if(arguments, std::back_inserter(places), [](const auto& a) { return !a.starts_with('-'); });
    if (places.empty()) {
        std::fprintf(stderr, "usage: %s [-runs=N] FILE|FOLDER...   runs each file once, or N times\n", argv[0]);
        return 2;
    }
    const auto runs = runs_of(arguments);
    run_all(files_of(places), runs);
    return 0;
} catch (const std::system_error& error) {  // a file cannot be read; whatever else comes out is a finding, and a crash
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 2;
}
