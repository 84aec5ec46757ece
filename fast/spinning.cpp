// SPDX-License-Identifier: BSL-1.0
#include <galley/fast/spinning.hpp>

#include <sched.h>

namespace galley::fast {

bool others_can_run() noexcept {
    cpu_set_t allowed;
    // It fails only for a machine with more processors than the set has room for (sched_getaffinity(2), EINVAL).
    return ::sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) > 1;
}

}  // namespace galley::fast
