// SPDX-License-Identifier: BSL-1.0
// A callable passed down a call, without <functional> and without owning it.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace galley::spec {

template <typename Signature>
class function_ref;

/// Refers to a callable that outlives it; for parameters only.
template <typename Result, typename... Args>
class function_ref<Result(Args...)> {
public:
    template <typename F>
        requires(std::is_invocable_r_v<Result, F&, Args...> && !std::same_as<std::remove_cvref_t<F>, function_ref>)
    function_ref(F&& f) noexcept
        : callable_{const_cast<void*>(static_cast<const void*>(std::addressof(f)))},
          call_{[](void* callable, Args... args) -> Result {
              return (*static_cast<std::remove_reference_t<F>*>(callable))(std::forward<Args>(args)...);
          }} {}

    Result operator()(Args... args) const { return call_(callable_, std::forward<Args>(args)...); }

private:
    void* callable_;
    Result (*call_)(void*, Args...);
};

}  // namespace galley::spec
