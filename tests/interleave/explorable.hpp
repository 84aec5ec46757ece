// SPDX-License-Identifier: BSL-1.0
// What fast's lock-free code gets beside the atomics (fast/explorable.hpp): fields that are checked for races, and
// objects of the explorer's threads; and what stands in for std::shared_ptr.
#pragma once

#include "atomic.hpp"

#include <galley/fast/explorable.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace galley::fast {

template <class T>
struct field_type<interleave::atomic, T> {
    using type = interleave::plain<T>;
};

template <class T>
class of_this_thread<interleave::atomic, T> {
public:
    [[nodiscard]] static T& get() { return interleave::execution::current().own<T>(); }
    static void end_with_thread() { interleave::execution::current().end_own<T>(); }
};

}  // namespace galley::fast

namespace galley::interleave {

/// Owns a T together with others, wherever they are. It counts as std::shared_ptr must: whoever lets go first has done
/// all that it did with the T before the T is destroyed.
template <class T>
class shared {
    struct block {
        template <class... Args>
        explicit block(Args&&... args) : object(std::forward<Args>(args)...) {}
        T object;
        atomic<std::size_t> owners{1};
    };

public:
    template <class... Args>
    [[nodiscard]] static shared make(Args&&... args) {
        return shared{std::make_unique<block>(std::forward<Args>(args)...).release()};
    }
    shared(const shared& other) : block_{other.block_} { block_->owners.fetch_add(1, std::memory_order_relaxed); }
    shared(shared&& other) noexcept : block_{std::exchange(other.block_, nullptr)} {}
    shared& operator=(shared) = delete;
    ~shared() {
        if (block_ != nullptr && block_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            const std::unique_ptr<block> last{block_};
        }
    }
    [[nodiscard]] T* get() const noexcept { return &block_->object; }

    /// For one thread. The explorer does not see how that one counts, but sees it let go of all.
    [[nodiscard]] std::shared_ptr<T> hold() const {
        return std::shared_ptr<T>{get(), [held = std::make_shared<shared>(*this)](T*) mutable { held.reset(); }};
    }

private:
    explicit shared(block* b) noexcept : block_{b} {}
    block* block_;
};

}  // namespace galley::interleave
