// SPDX-License-Identifier: BSL-1.0
#include <spec/scenario/run/channel_io.hpp>

#include <galley/io.hpp>

namespace galley::spec {

namespace {

std::string text(const std::error_code& error) { return error ? "errno:" + std::to_string(error.value()) : "ok"; }
std::string text(const transferred& t) { return t.error ? text(t.error) : std::to_string(t.count); }

}  // namespace

task<std::string> channel_operation(verb what, int channel, std::size_t bytes) {
    switch (what) {
        case verb::read: {
            const transferred moved = co_await transfer_awaiter<io::read>{channel, nullptr, bytes};
            co_return text(moved);
        }
        case verb::write: {
            const transferred moved = co_await transfer_awaiter<io::write>{channel, nullptr, bytes};
            co_return text(moved);
        }
        case verb::accept: {
            const accepted peer = co_await accept(channel);
            co_return text(peer.error);
        }
        case verb::connect: {
            const endpoint nowhere{"127.0.0.1", 1};  // the sim driver looks at the channel only
            const std::error_code error = co_await connect(channel, nowhere);
            co_return text(error);
        }
        case verb::readable: {
            const std::error_code error = co_await readable(channel);
            co_return text(error);
        }
        default: {
            const std::error_code error = co_await writable(channel);
            co_return text(error);
        }
    }
}

}  // namespace galley::spec
