// SPDX-License-Identifier: BSL-1.0
// Which mutant this process is, and which mutants it reaches. Only the generated copy of the sources
// includes this; see tests/mutants/README.md.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <type_traits>
#include <unistd.h>

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

inline constexpr std::size_t reach_slots = 4096;  // far more than there are mutants

/// The numbers of the mutants that were reached: a hash table in a file, so that all processes of a run share it and it
/// outlives one that dies. Null unless GALLEY_MUTANT_REACHED names the file. The kernel is asked directly, as some
/// suites replace the functions for it.
inline std::atomic<std::uint64_t>* const reached = []() -> std::atomic<std::uint64_t>* {
    static_assert(sizeof(std::atomic<std::uint64_t>) == sizeof(std::uint64_t));
    const char* const path = std::getenv("GALLEY_MUTANT_REACHED");
    if (path == nullptr) {
        return nullptr;
    }
    const long file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    const long table =
        syscall(SYS_mmap, nullptr, reach_slots * sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0L);
    syscall(SYS_close, file);
    return table == -1 ? nullptr : reinterpret_cast<std::atomic<std::uint64_t>*>(table);
}();

/// Relaxed: the numbers are read when the processes have ended, and publish nothing.
inline void note(std::uint64_t number) noexcept {
    for (std::size_t slot = number % reach_slots;; slot = (slot + 1) % reach_slots) {
        std::uint64_t there = reached[slot].load(std::memory_order_relaxed);
        if (there == 0 && reached[slot].compare_exchange_strong(there, number, std::memory_order_relaxed)) {
            return;
        }
        if (there == number) {
            return;
        }
    }
}

/// A compiler that evaluates a constant gets the code as it was written.
[[nodiscard]] constexpr bool on(std::uint64_t number) noexcept {
    if (std::is_constant_evaluated()) {
        return false;
    }
    if (reached != nullptr) {
        note(number);
    }
    return chosen == number;
}

}  // namespace galley_mutant
