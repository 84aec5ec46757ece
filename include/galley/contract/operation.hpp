// SPDX-License-Identifier: BSL-1.0
// I/O as operations that complete exactly once (IO-1): intrusive, they live in the frame that awaits them.
#pragma once

#include <galley/contract/intrusive_list.hpp>

#include <cstddef>
#include <cstdint>

namespace galley {

/// What an operation does. The first three are *reads*, the others *writes*, where rules order the two (IO-4).
enum class io : std::uint8_t { read, accept, readable, write, connect, writable };

[[nodiscard]] constexpr bool is_read(io kind) noexcept { return kind <= io::readable; }

/// How an operation ended: `error` is 0 or an errno value; `count` is bytes moved, or the accepted descriptor.
struct io_result {
    enum class status : std::uint8_t { done, cancelled };
    status how{status::done};
    int error{0};
    std::int64_t count{0};
};

/// One I/O operation, started and cancelled through a loop. It must not move, nor be destroyed, while it is in flight,
/// and its buffer stays alive until it is completed (IO-2). The last three members belong to the driver meanwhile.
class operation {
public:
    using complete_function = void(operation&) noexcept;

    operation(io kind_, int descriptor_, void* buffer_, std::size_t size_, complete_function* on_complete) noexcept
        : buffer{buffer_}, size{size_}, descriptor{descriptor_}, kind{kind_}, on_complete_{on_complete} {}
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;
    ~operation() = default;

    /// Called by the loop when it collects the completion, never by a driver (IO-3).
    void complete() noexcept { on_complete_(*this); }

    void* const buffer;      ///< of `read` and `write`; the socket address of `connect`
    const std::size_t size;  ///< of the buffer, in bytes
    const int descriptor;
    const io kind;

    io_result result{};

    operation* next{};
    operation* previous{};
    std::uint64_t order{};  ///< start order, given by the driver

private:
    complete_function* on_complete_;
};

using operation_list = intrusive_list<operation>;

}  // namespace galley
