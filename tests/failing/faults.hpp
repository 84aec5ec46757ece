// SPDX-License-Identifier: BSL-1.0
// What fails, and when: the n-th allocation, or the n-th system call, that threads under test make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace galley_test {

/// One fault, or none.
struct fault {
    enum class kind : std::uint8_t { none, allocation, system_call };
    kind what{kind::none};
    std::uint64_t nth{};  ///< from 1
    /// Until the case is over, no allocation succeeds any more; or that system call fails each time, if its error is a
    /// lasting one, such as a lack of descriptors.
    bool and_all_later{};
    std::uint64_t again_after{};  ///< allocations: one more fails, so many later
    std::size_t selection{};      ///< system calls: which of the errors that it may have
};

/// What came of it.
struct damage {
    std::uint64_t times{};  ///< that something failed
    const char* call{""};   ///< the system call that was hit
    int error{};            ///< what it was made to fail with
    bool lasting{};         ///< such as does not go away by itself
    std::size_t errors{};   ///< how many errors it may have
};

/// Sets what fails in the case that begins now.
void expect(const fault& f) noexcept;
[[nodiscard]] damage done() noexcept;

/// While it lives, its thread belongs to the case: the clock is the case's own, and calls are counted, and fail.
class under_test {
public:
    under_test() noexcept;
    under_test(const under_test&) = delete;
    under_test& operator=(const under_test&) = delete;
    ~under_test();
};

/// While it lives, nothing fails on its thread, and nothing is counted: for what a program needs that is not galley's.
class spared {
public:
    spared() noexcept;
    spared(const spared&) = delete;
    spared& operator=(const spared&) = delete;
    ~spared();

private:
    bool before_;
};

// ---- for those who stand in the places of operator new and of the system calls

[[nodiscard]] bool is_under_test() noexcept;
[[nodiscard]] bool allocation_fails() noexcept;
/// The errno with which this call fails, or 0: it is carried out. `errors`: those that the kernel may give here.
[[nodiscard]] int call_fails(const char* call, std::initializer_list<int> errors) noexcept;
/// Whether what its thread does now counts, and may fail.
[[nodiscard]] bool is_counted() noexcept;

/// A thread of the case is about to block, until something comes from outside.
void tell_blocked() noexcept;
/// Until one does, in this case.
void wait_until_blocked() noexcept;

/// Blocks of operator new that exist.
[[nodiscard]] std::int64_t live_blocks() noexcept;

}  // namespace galley_test
