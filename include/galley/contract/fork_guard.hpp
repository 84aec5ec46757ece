// SPDX-License-Identifier: BSL-1.0
// Whether an object has come into a forked child: a copy there shares descriptors of the kernel with the original, and
// must leave them alone (LIFE-8).
#pragma once

namespace galley {

/// Remembers the process in which it was made. To ask is to compare two numbers: no system call, as getpid(2) would be.
///
/// Told by a handler of pthread_atfork(3), so a child of fork(3) knows before it returns there. One that was made past
/// the C library does not (_Fork, clone(2) by hand), and may but exec or _exit. vfork(2) and posix_spawn(3) make none
/// that could touch a loop.
class fork_guard {
public:
    /// Throws std::bad_alloc if there is no memory for the handler, which the first one of a process installs.
    fork_guard();

    /// This is a copy, in a forked child, of what was made in the parent. Any thread.
    [[nodiscard]] bool in_child() const noexcept { return made_at_ != forks_; }

private:
    // How many forks lie between this process and its first ancestor that counted. Written only in a child that is
    // being forked, which has but one thread then; so it need not be atomic.
    static unsigned forks_;

    unsigned made_at_;
};

}  // namespace galley
