// SPDX-License-Identifier: BSL-1.0
// count_instructions OPERATION COUNT: does it, for whoever counts the instructions (count.py). Without arguments: the
// operations' names.
#include "bench/instructions/operations.hpp"

#include <cstdlib>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
    using namespace galley_bench::instructions;
    std::vector<operation> all = raw_operations();
    for (operation& o : fast_operations()) {
        all.push_back(std::move(o));
    }
    if (argc != 3) {
        for (const operation& o : all) {
            std::cout << o.name << '\n';
        }
        return argc == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    const std::uint64_t count = std::stoull(argv[2]);
    for (const operation& o : all) {
        if (o.name == argv[1]) {
            if (o.run(count) == count) {
                return EXIT_SUCCESS;
            }
            std::cerr << o.name << ": the work was not done " << count << " times\n";
            return EXIT_FAILURE;
        }
    }
    std::cerr << "there is no operation " << argv[1] << '\n';
    return EXIT_FAILURE;
}
