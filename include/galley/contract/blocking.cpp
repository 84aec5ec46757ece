// SPDX-License-Identifier: BSL-1.0
#include <galley/contract/blocking.hpp>

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

namespace galley {

bool would_block_the_loop(const operation& op) noexcept {
    if (op.kind == io::readable || op.kind == io::writable) {
        return false;
    }
    const int error = errno;
    const int flags = ::fcntl(op.descriptor, F_GETFL);
    struct stat about{};
    const bool blocks = flags >= 0 && (flags & O_NONBLOCK) == 0 && ::fstat(op.descriptor, &about) == 0 &&
                        !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
    errno = error;
    return blocks;
}

}  // namespace galley
