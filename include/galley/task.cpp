// SPDX-License-Identifier: BSL-1.0
#include <galley/task.hpp>

#include <stdexcept>

namespace galley {

void detail::throw_task_is_gone() {
    throw std::logic_error("galley::task: this task was moved from, awaited or spawned before");
}

}  // namespace galley
