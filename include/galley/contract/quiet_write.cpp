// SPDX-License-Identifier: BSL-1.0
#include <galley/contract/quiet_write.hpp>

#include <cerrno>
#include <csignal>
#include <ctime>

#include <unistd.h>

namespace galley {

// A library may not set the disposition of SIGPIPE, as that belongs to the program and is inherited over exec. But the
// signal that write(2) raises goes to the writing thread (signal(7)), so it can be held back, and
// taken out again, there.
std::ptrdiff_t quiet_write(int descriptor, const void* data, std::size_t size) noexcept {
    sigset_t only_pipe;
    sigset_t before;
    sigset_t pending;
    sigemptyset(&only_pipe);
    sigaddset(&only_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &only_pipe, &before);
    sigpending(&pending);

    const std::ptrdiff_t written = ::write(descriptor, data, size);
    const int error = errno;

    // One that was pending before is not ours, and signals of this kind do not queue: leave it.
    if (written < 0 && error == EPIPE && sigismember(&pending, SIGPIPE) == 0) {
        const timespec at_once{};
        while (sigtimedwait(&only_pipe, nullptr, &at_once) < 0 && errno == EINTR) {
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return written;
}

}  // namespace galley
