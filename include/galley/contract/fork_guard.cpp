// SPDX-License-Identifier: BSL-1.0
#include <galley/contract/fork_guard.hpp>

#include <new>

#include <pthread.h>

namespace galley {

unsigned fork_guard::forks_{0};

fork_guard::fork_guard() : made_at_{forks_} {
    static const bool counts = [] {
        if (::pthread_atfork(nullptr, nullptr, [] { ++forks_; }) != 0) {  // ENOMEM, says the page, and nothing else
            throw std::bad_alloc{};                                       // the next guard tries again
        }
        return true;
    }();
    static_cast<void>(counts);
}

}  // namespace galley
