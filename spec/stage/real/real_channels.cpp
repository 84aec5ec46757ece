// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/real/real_channels.hpp>

#include <galley/contract/quiet_write.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <tuple>

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace galley::spec {

namespace {

int check(int result, const char* what) {
    if (result < 0) {
        throw std::system_error{errno, std::generic_category(), std::string{"real channels: "} + what};
    }
    return result;
}

using ends = std::pair<owned_descriptor, owned_descriptor>;

constexpr int stream = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

ends unix_ends() {
    std::array<int, 2> two{};
    check(::socketpair(AF_UNIX, stream, 0, two.data()), "socketpair");
    return {owned_descriptor{two[0]}, owned_descriptor{two[1]}};
}

owned_descriptor tcp_listener() {
    owned_descriptor listener{check(::socket(AF_INET, stream, 0), "socket")};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    check(::bind(listener.get(), any, sizeof address), "bind");
    check(::listen(listener.get(), SOMAXCONN), "listen");
    return listener;
}

sockaddr_in address_of(const owned_descriptor& listener) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    check(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    return address;
}

ends tcp_ends() {
    const owned_descriptor listener = tcp_listener();
    owned_descriptor far{check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    const sockaddr_in address = address_of(listener);
    check(::connect(far.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
    pollfd arrived{listener.get(), POLLIN, 0};
    check(::poll(&arrived, 1, -1), "poll");
    owned_descriptor near{check(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), "accept4")};
    const int yes = 1;
    check(::setsockopt(far.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), "TCP_NODELAY");
    check(::fcntl(far.get(), F_SETFL, O_NONBLOCK), "fcntl");
    return {std::move(near), std::move(far)};
}

/// With a name that the kernel chooses (unix(7), autobind).
owned_descriptor unix_listener() {
    owned_descriptor listener{check(::socket(AF_UNIX, stream, 0), "socket")};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    check(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address.sun_family), "bind");
    check(::listen(listener.get(), SOMAXCONN), "listen");
    return listener;
}

/// Writes until there is no room for one byte more.
std::size_t fill(int into) {
    const std::string block(65536, '\xff');
    std::size_t written = 0;
    for (const std::size_t size : {block.size(), std::size_t{1}}) {
        for (std::ptrdiff_t n = 0; (n = quiet_write(into, block.data(), size)) > 0;) {
            written += static_cast<std::size_t>(n);
        }
    }
    return written;
}

owned_descriptor duplicate_of(const owned_descriptor& d) {
    return owned_descriptor{check(::fcntl(d.get(), F_DUPFD_CLOEXEC, 0), "dup")};
}

struct uses {
    bool reads{};
    bool writes{};
    bool accepts{};
    bool connects{};
};

}  // namespace

owned_descriptor::~owned_descriptor() {
    if (number_ >= 0) {
        ::close(number_);
    }
}

std::array<owned_descriptor, 2> make_pipe() {
    std::array<int, 2> two{};
    check(::pipe2(two.data(), O_NONBLOCK | O_CLOEXEC), "pipe2");
    return {owned_descriptor{two[0]}, owned_descriptor{two[1]}};
}

std::vector<wire> wires_of(const scenario& s) {
    std::vector<uses> used(s.channels.size());
    for (const routine& r : s.routines) {
        for (const statement& st : r.body) {
            const auto c = static_cast<std::size_t>(st.operands[0]);
            switch (st.what) {
                case verb::read:
                case verb::readable: used[c].reads = true; break;
                case verb::write:
                case verb::writable: used[c].writes = true; break;
                case verb::accept: used[c].accepts = true; break;
                case verb::connect: used[c].connects = true; break;
                default: break;
            }
        }
    }
    std::vector<bool> breaks(s.channels.size());
    for (const world_entry& e : s.world) {
        if (e.what == world_verb::break_) {
            breaks[static_cast<std::size_t>(e.operands[0])] = true;
        }
    }
    std::vector<wire> wires;
    for (std::size_t c = 0; c < used.size(); ++c) {
        const uses& u = used[c];
        const bool odd = c % 2 == 1;
        if (u.accepts) {
            wires.push_back(breaks[c] ? wire::tcp_listener : wire::unix_listener);
        } else if (u.connects) {
            wires.push_back(wire::connector);
        } else if (odd && u.reads != u.writes) {
            wires.push_back(u.reads ? wire::pipe_to_program : wire::pipe_from_program);
        } else {  // a TCP connection cannot be filled: its room grows as it goes
            wires.push_back(odd || s.channels[c] == 0 ? wire::unix_stream : wire::tcp_stream);
        }
    }
    return wires;
}

real_channels::real_channels(const scenario& s, problem_list& problems) : problems_{problems} {
    const std::vector<wire> wires = wires_of(s);
    for (std::size_t c = 0; c < wires.size(); ++c) {
        channels_.push_back(make(wires[c], s.channels[c] > 0));
    }
}

real_channels::channel real_channels::make(wire what, bool has_room) {
    channel c{.what = what, .has_room = has_room};
    switch (what) {
        case wire::unix_stream: std::tie(c.near, c.far) = unix_ends(); break;
        case wire::tcp_stream: std::tie(c.near, c.far) = tcp_ends(); break;
        case wire::pipe_to_program: std::tie(c.near, c.far) = std::tuple_cat(make_pipe()); break;
        case wire::pipe_from_program: std::tie(c.far, c.near) = std::tuple_cat(make_pipe()); break;
        case wire::unix_listener:
        case wire::tcp_listener:
            c.near = what == wire::unix_listener ? unix_listener() : tcp_listener();
            c.duplicate = duplicate_of(c.near);
            break;
        case wire::connector:
            if (host_.get() < 0) {
                host_ = tcp_listener();
                port_ = ntohs(address_of(host_).sin_port);
            }
            c.near = owned_descriptor{check(::socket(AF_INET, stream, 0), "socket")};
            c.duplicate = duplicate_of(c.near);
            break;
    }
    if (!has_room && (what == wire::unix_stream || what == wire::pipe_from_program)) {
        c.filler = fill(c.near.get());
    }
    return c;
}

int real_channels::find(int descriptor) const noexcept {
    const auto at = std::ranges::find(channels_, descriptor, [](const channel& c) { return c.near.get(); });
    return descriptor < 0 || at == channels_.end() ? -1 : static_cast<int>(at - channels_.begin());
}

bool real_channels::may_lack(std::size_t number) const noexcept {
    const channel& c = channels_[number];
    return c.was_reset || (c.what == wire::tcp_stream && c.near.get() < 0);
}

std::vector<int> real_channels::near() const {
    std::vector<int> numbers;
    for (const channel& c : channels_) {
        numbers.push_back(c.near.get());
    }
    return numbers;
}

std::vector<int> real_channels::far_ends() const {
    std::vector<int> numbers;
    for (const channel& c : channels_) {
        if (c.has_room && !c.has_heard_all && c.far.get() >= 0 && c.what != wire::pipe_to_program) {
            numbers.push_back(c.far.get());
        }
    }
    return numbers;
}

// ---- what the world does -------------------------------------------------------------------------------------------

void real_channels::perform(const world_entry& entry) {
    if (!concerns_channel(entry.what)) {
        return;
    }
    channel& c = channels_[static_cast<std::size_t>(entry.operands[0])];
    switch (entry.what) {
        case world_verb::data:
            return send(static_cast<std::size_t>(entry.operands[0]), c, static_cast<std::size_t>(entry.operands[1]));
        case world_verb::end: return end(c);
        case world_verb::break_: return reset(c);
        case world_verb::room: c.has_room = true; return read_all(c);
        case world_verb::peer: return visit(c);
        default: return;
    }
}

void real_channels::send(std::size_t number, channel& c, std::size_t bytes) {
    if (c.far.get() < 0 || c.ended || c.what == wire::pipe_from_program) {
        return;
    }
    std::vector<std::byte> block(bytes);
    for (std::size_t i = 0; i < bytes; ++i) {
        block[i] = sent_byte(number, c.sent + i);
    }
    const std::ptrdiff_t n = quiet_write(c.far.get(), block.data(), bytes);
    if (n > 0) {
        c.sent += static_cast<std::size_t>(n);
    }
    if (n >= 0 ? static_cast<std::size_t>(n) != bytes : errno != EPIPE && errno != ECONNRESET) {  // it may be closed
        problems_.add("the world could not send " + std::to_string(bytes) + " bytes into channel " +
                      std::to_string(number) + ": the kernel took " + std::to_string(n));
    }
}

void real_channels::end(channel& c) {
    c.ended = true;
    if (c.what == wire::pipe_to_program) {
        c.far = owned_descriptor{};
    } else if (c.what != wire::pipe_from_program && c.far.get() >= 0) {
        ::shutdown(c.far.get(), SHUT_WR);
    }
}

/// Abortively: TCP sends a reset, and what was on its way is lost. Afterwards no operation on the channel waits: an
/// accept(2) fails with EINVAL, a connect(2) is refused.
void real_channels::reset(channel& c) {
    c.was_reset = true;
    if (c.duplicate.get() >= 0) {
        ::shutdown(c.duplicate.get(), SHUT_RDWR);
        host_ = c.what == wire::connector ? owned_descriptor{} : std::move(host_);
        return;
    }
    read_all(c);
    if (c.what == wire::tcp_stream) {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(c.far.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    c.far = owned_descriptor{};
}

void real_channels::visit(channel& c) {
    if (!is_listener(c.what)) {
        return;
    }
    sockaddr_storage address{};  // its own, which is where it is reached
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    check(::getsockname(c.duplicate.get(), any, &size), "getsockname");
    owned_descriptor visitor{check(::socket(address.ss_family, stream, 0), "socket")};
    if (::connect(visitor.get(), any, size) == 0 || errno == EINPROGRESS) {  // refused if it was reset
        c.visitors.push_back(std::move(visitor));
    }
}

void real_channels::drain(std::size_t channel) {
    if (channels_[channel].has_room) {
        read_all(channels_[channel]);
    }
}

void real_channels::read_all(channel& c) {
    if (c.far.get() < 0 || c.what == wire::pipe_to_program) {
        return;
    }
    std::array<char, 65536> some;
    for (;;) {
        const std::ptrdiff_t n = ::read(c.far.get(), some.data(), some.size());
        if (n <= 0) {
            c.has_heard_all = c.has_heard_all || n == 0 || errno != EAGAIN;
            return;
        }
        const std::size_t bytes = static_cast<std::size_t>(n);
        const std::size_t skipped = std::min(bytes, c.filler);
        c.filler -= skipped;
        c.got.append(some.data() + skipped, bytes - skipped);
    }
}

void real_channels::settle(std::size_t channel) {
    const auto& c = channels_[channel];
    if (c.what != wire::tcp_stream || c.near.get() < 0 || c.far.get() < 0) {
        return;
    }
    constexpr std::uint8_t established = 1;  // TCP_ESTABLISHED of the kernel
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    for (;;) {  // loopback delivers within the call, or soon after in a thread of the kernel
        tcp_info info{};
        socklen_t size = sizeof info;
        check(::getsockopt(c.near.get(), IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
        const bool is_ended = info.tcpi_state != established;
        if (info.tcpi_bytes_received >= c.sent && is_ended == c.ended) {
            return;
        }
        if (std::chrono::steady_clock::now() > limit) {
            return problems_.add("TCP did not carry over what was sent into channel " + std::to_string(channel));
        }
        ::sched_yield();
    }
}

void real_channels::close_all() {
    for (channel& c : channels_) {
        if (c.near.get() < 0 || ::shutdown(c.near.get(), SHUT_WR) != 0) {  // closing would discard what is unread
            c.near = owned_descriptor{};
        }
        if (c.far.get() >= 0 && c.what != wire::pipe_to_program) {
            check(::fcntl(c.far.get(), F_SETFL, 0), "fcntl");  // to the end of the file
            read_all(c);
        }
    }
}

}  // namespace galley::spec
