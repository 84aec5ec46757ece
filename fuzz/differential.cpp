// SPDX-License-Identifier: BSL-1.0
// Any bytes are a scenario; ref and fast must give equal traces of it, and break no rule, and leave nothing behind. The
// oracle is too slow for this: it judges the inputs that are worth keeping, in the suites.
#include <fuzz/support/report.hpp>
#include <fuzz/support/scenario_mutator.hpp>

#include <spec/stage/form/bytes.hpp>

#include <algorithm>
#include <cstdlib>
#include <span>

extern "C" {

/// libFuzzer's own mutation of bytes. Weak: other engines do not have it, and neither has the standalone main program.
__attribute__((weak)) std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

int LLVMFuzzerInitialize(int* argc, char*** argv) {
    galley::fuzz::take_artifact_prefix(*argc, *argv);
    return 0;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto on = galley::fuzz::both_loops();
    const auto s = galley::spec::from_bytes(std::span{data, size});
    if (galley::fuzz::objection(s, on)) {
        galley::fuzz::print(galley::fuzz::report_on(s, on));
        std::abort();
    }
    return 0;
}

/// One in four is left to the engine, whose table of recent comparisons and dictionary may know what we do not.
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
    if (seed % 4 == 0 && LLVMFuzzerMutate != nullptr) {
        return LLVMFuzzerMutate(data, size, most);
    }
    const auto bytes = galley::fuzz::mutated({data, size}, most, seed);
    std::ranges::copy(bytes, data);
    return bytes.size();
}

std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* first, std::size_t first_size, const std::uint8_t* second,
                                      std::size_t second_size, std::uint8_t* out, std::size_t most, unsigned seed) {
    const auto bytes = galley::fuzz::crossed({first, first_size}, {second, second_size}, most, seed);
    std::ranges::copy(bytes, out);
    return bytes.size();
}

}  // extern "C"
