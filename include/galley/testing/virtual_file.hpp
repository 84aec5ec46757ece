// SPDX-License-Identifier: BSL-1.0
// What lies behind a descriptor of a virtual driver.
#pragma once

#include <galley/contract/operation.hpp>

#include <string>

namespace galley::testing {

/// A file, a pipe, a socket, as one descriptor of it is seen. Loop thread only.
class virtual_file {
public:
    virtual_file() = default;
    virtual_file(const virtual_file&) = delete;
    virtual_file& operator=(const virtual_file&) = delete;
    virtual ~virtual_file() = default;

    /// Does what `op` asks for, if that can be done now: true, with its result set. False: it waits, and is tried again
    /// when the driver is told that something has changed (`virtual_driver::changed`).
    [[nodiscard]] virtual bool attempt(operation& op) = 0;
    /// It was closed; what was in flight has been ended.
    virtual void closed() {}
    /// For people, who left it open.
    [[nodiscard]] virtual std::string name() const = 0;

protected:
    /// The result of an operation that is done; true, for `attempt`.
    static bool done(operation& op, int error, std::int64_t count) noexcept {
        op.result = {io_result::status::done, error, count};
        return true;
    }
};

}  // namespace galley::testing
