// SPDX-License-Identifier: BSL-1.0
// fuzz_occasions FOLDER...: for each rule, in how many of the differential cases there its precondition occurred. Exit
// status 1 if one never did, 2 if it cannot be told.
#include <fuzz/support/occasion_count.hpp>

#include <spec/stage/form/bytes.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

namespace fs = std::filesystem;

void add_folder(const fs::path& folder, galley::fuzz::occasion_count& count) {
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        if (!entry.is_regular_file()) continue;
        std::ifstream in{entry.path(), std::ios::binary};
        const std::vector<char> text{std::istreambuf_iterator<char>{in}, {}};
        const std::vector<std::uint8_t> bytes{text.begin(), text.end()};
        count.add(galley::spec::from_bytes(bytes));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s FOLDER...   counts the rules' occasions in the differential cases there\n",
                     argv[0]);
        return 2;
    }
    galley::fuzz::occasion_count count;
    try {
        for (int i = 1; i < argc; ++i) add_folder(argv[i], count);
    } catch (const fs::filesystem_error& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 2;
    }
    std::printf("%zu cases\n%s", count.cases(), count.table().c_str());
    const auto missing = count.missing();
    for (const auto& name : missing) std::printf("never: %s\n", name.c_str());
    return missing.empty() ? 0 : 1;
}
