// SPDX-License-Identifier: BSL-1.0
// Memory that an execution frees is kept to its end, so that a use after its end is found, and does not crash or hit
// what came to lie there.
#pragma once

namespace galley::interleave {

class keep_freed_memory {
public:
    keep_freed_memory() noexcept;
    keep_freed_memory(const keep_freed_memory&) = delete;
    keep_freed_memory& operator=(const keep_freed_memory&) = delete;
    ~keep_freed_memory();  ///< frees it
};

}  // namespace galley::interleave
