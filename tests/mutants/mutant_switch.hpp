// SPDX-License-Identifier: BSL-1.0
// Which mutant this process is. Only the generated copy of the sources includes this; see tests/mutants/README.md.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <type_traits>

namespace galley_mutant {

/// A mutant's number: FNV-1a of its name, so that the code of one mutant does not change when others come and go.
[[nodiscard]] constexpr std::uint64_t hash_of(const char* name) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (; *name != '\0'; ++name) {
        hash = (hash ^ static_cast<unsigned char>(*name)) * 0x100000001b3;
    }
    return hash;
}
[[nodiscard]] consteval std::uint64_t number_of(const char* name) noexcept { return hash_of(name); }

/// Read once, before main; 0 before that and without a choice.
inline const std::uint64_t chosen = [] {
    const char* const name = std::getenv("GALLEY_MUTANT");
    return name == nullptr ? 0 : hash_of(name);
}();

/// A compiler that evaluates a constant gets the code as it was written.
[[nodiscard]] constexpr bool on(std::uint64_t number) noexcept {
    return !std::is_constant_evaluated() && chosen == number;
}

}  // namespace galley_mutant
