// SPDX-License-Identifier: BSL-1.0
#include <galley/join_handle.hpp>

namespace galley {

void detail::throw_joined_twice() {
    throw std::logic_error("galley: a task is joined once, and this one is being joined, or was, by somebody else");
}

}  // namespace galley
