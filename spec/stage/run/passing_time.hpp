// SPDX-License-Identifier: BSL-1.0
// Where a step that takes time is accounted for.
#pragma once

#include <galley/contract/time.hpp>

namespace galley::spec {

/// What the verb `burn` acts on. The loop's thread only.
class passing_time {
public:
    virtual void burn(duration d) noexcept = 0;

protected:
    ~passing_time() = default;
};

}  // namespace galley::spec
