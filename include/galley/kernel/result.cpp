// SPDX-License-Identifier: BSL-1.0
#include <galley/kernel/result.hpp>

#if __has_include(<cxxabi.h>)
#include <cxxabi.h>

#include <typeinfo>
#endif

namespace galley {

void detail::throw_cancelled() { throw cancelled{}; }

void detail::throw_task_cancelled() { throw task_cancelled{}; }

// Where the type can be asked for, no second throw is needed to learn it: that would be half of what it costs to pass a
// cancellation on from frame to frame.
bool detail::handles_cancelled() noexcept {
#if __has_include(<cxxabi.h>)
    const std::type_info* const type = abi::__cxa_current_exception_type();
    return type != nullptr && *type == typeid(cancelled);
#else
    try {
        throw;
    } catch (const cancelled&) {
        return true;
    } catch (...) {
        return false;
    }
#endif
}

}  // namespace galley
