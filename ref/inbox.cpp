// SPDX-License-Identifier: BSL-1.0
#include <galley/ref/inbox.hpp>

#include <new>

#include <pthread.h>

namespace galley::ref {

std::mutex inbox::mutex_;

inbox::inbox(std::shared_ptr<waker> w, galley::loop* of) : mailbox{of}, waker_{std::move(w)} {
    static const bool held = [] {
        if (::pthread_atfork([] { mutex_.lock(); }, [] { mutex_.unlock(); }, [] { mutex_.unlock(); }) != 0) {
            throw std::bad_alloc{};  // ENOMEM, says the page, and nothing else; the next inbox tries again
        }
        return true;
    }();
    static_cast<void>(held);
}

}  // namespace galley::ref
