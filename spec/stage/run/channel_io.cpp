// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/run/channel_io.hpp>

#include <galley/descriptor.hpp>
#include <galley/io.hpp>

#include <vector>

namespace galley::spec {

namespace {

text result(const std::error_code& error) { return error ? "errno:" + std::to_string(error.value()) : "ok"; }
text result(const transferred& t) { return t.error ? result(t.error) : text::decimal(t.count); }

}  // namespace

task<text> channel_operation(program& p, verb what, std::size_t channel, std::size_t bytes) {
    const int on = p.descriptors[channel];
    std::vector<std::byte> buffer(p.has_kernel ? bytes : 0);
    switch (what) {
        case verb::read: {
            const transferred moved = co_await transfer_awaiter<io::read>{on, buffer.data(), bytes};
            co_return result(moved);
        }
        case verb::write: {
            const transferred moved = co_await transfer_awaiter<io::write>{on, buffer.data(), bytes};
            co_return result(moved);
        }
        case verb::accept: {
            const accepted peer = co_await accept(on);
            const descriptor taken{*p.loop, peer.descriptor};  // closed at once: nobody talks to it
            co_return result(peer.error);
        }
        case verb::connect: {
            const endpoint to{"127.0.0.1", p.port};  // the sim driver looks at the channel only
            const std::error_code error = co_await connect(on, to);
            co_return result(error);
        }
        case verb::readable: {
            const std::error_code error = co_await readable(on);
            co_return result(error);
        }
        default: {
            const std::error_code error = co_await writable(on);
            co_return result(error);
        }
    }
}

}  // namespace galley::spec
