// SPDX-License-Identifier: BSL-1.0
#include <galley/kernel/wait_list.hpp>

namespace galley {

void detail::throw_unserved(delivery with) {
    if (with == delivery::cancelled) {
        throw cancelled{};
    }
    throw broken_wait{};
}

}  // namespace galley
