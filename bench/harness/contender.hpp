// SPDX-License-Identifier: BSL-1.0
// What the workloads that are templates ask of a contender. It is a class with a `name`, a `loop` (run until stop) and
// these parts, each of which calls its heir directly, as a program written for that library would be called:
//
//   slot<Heir>           post(): heir.run() is called soon, once
//   timer<Heir>          start(nanoseconds from now), cancel(): heir.fire() is called then
//
// A loop that counts time from when it last looked at its clock can be told to look: `look_at_clock`. `earliness` is by
// how many nanoseconds a timer may be early nevertheless.
//
// With `remotely`, a contender like it, for calls from other threads:
//
//   remote               post(function, argument): function(argument) is called on the loop's thread, from any thread
//
// With `io`, a contender like it, for descriptors, all non-blocking:
//
//   stream<Heir>         takes a connected socket. receive(): from then on heir.received(bytes), as they come.
//                        send(bytes), one at a time: true if they are gone, else heir.sent() is called when they are
//   acceptor<Heir>       takes a listening socket, closes each connection that it accepts, and calls heir.accepted()
//   reader<Heir>         heir.readable(), which reads all, is called whenever a descriptor, not its own, is readable
#pragma once

#include "bench/harness/registry.hpp"

#include <cstddef>
#include <memory>
#include <new>

namespace galley_bench {

/// So many objects, side by side, that neither move nor are copied.
template <class T>
class items {
public:
    template <class Make>
    items(std::size_t count, Make make) : memory_{std::allocator<T>{}.allocate(count)}, room_{count} {
        for (; count_ < count; ++count_) {
            ::new (static_cast<void*>(memory_ + count_)) T(make());
        }
    }
    items(const items&) = delete;
    items& operator=(const items&) = delete;
    ~items() {
        std::destroy_n(memory_, count_);
        std::allocator<T>{}.deallocate(memory_, room_);
    }
    [[nodiscard]] T& operator[](std::size_t i) noexcept { return memory_[i]; }
    [[nodiscard]] T* begin() noexcept { return memory_; }
    [[nodiscard]] T* end() noexcept { return memory_ + count_; }
    [[nodiscard]] std::size_t size() const noexcept { return room_; }

private:
    T* memory_;
    std::size_t room_;
    std::size_t count_{};
};

}  // namespace galley_bench
