// SPDX-License-Identifier: BSL-1.0
// A handle of a C library that calls back once: the library's struct, and what to call, which its `data` leads to.
#pragma once

#include <utility>

#include "loop.hpp"

namespace loops {

template <class Handle, class Callback = callback>
struct once {
    Handle handle{};
    Callback then;

    explicit once(Callback what) : then{std::move(what)} { handle.data = this; }
    [[nodiscard]] static once& of(Handle* h) { return *static_cast<once*>(h->data); }
};

}  // namespace loops
