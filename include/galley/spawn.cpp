// SPDX-License-Identifier: BSL-1.0
#include <galley/spawn.hpp>

namespace galley {

void detail::throw_task_cancelled() { throw task_cancelled{}; }

void detail::throw_joined_twice() {
    throw std::logic_error("galley: a task is joined once, and this one is being joined, or was, by somebody else");
}

}  // namespace galley
