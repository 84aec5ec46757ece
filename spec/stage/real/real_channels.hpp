// SPDX-License-Identifier: BSL-1.0
// A scenario's channels as the kernel's: what the program uses is the near end, the far end belongs to the world.
#pragma once

#include <spec/stage/form/scenario.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace galley::spec {

/// Closes a descriptor that no loop knows.
class owned_descriptor {
public:
    owned_descriptor() = default;
    explicit owned_descriptor(int number) noexcept : number_{number} {}
    owned_descriptor(owned_descriptor&& other) noexcept : number_{other.release()} {}
    owned_descriptor& operator=(owned_descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~owned_descriptor();
    [[nodiscard]] int get() const noexcept { return number_; }
    int release() noexcept { return std::exchange(number_, -1); }

private:
    int number_{-1};
};

/// A pipe, both ends non-blocking: the first is read from. Throws std::system_error.
[[nodiscard]] std::array<owned_descriptor, 2> make_pipe();

/// What was found wrong in a run, from any thread.
class problem_list {
public:
    void add(std::string text) {
        const std::lock_guard lock{mutex_};
        texts_.push_back(std::move(text));
    }
    [[nodiscard]] std::vector<std::string> take() {
        const std::lock_guard lock{mutex_};
        return std::exchange(texts_, {});
    }

private:
    std::mutex mutex_;
    std::vector<std::string> texts_;
};

/// What a channel is made of. It is chosen by what the scenario does with the channel, and by its number, so that many
/// scenarios meet all kinds.
enum class wire : std::uint8_t {
    unix_stream,
    tcp_stream,
    pipe_to_program,    ///< nothing is written to it
    pipe_from_program,  ///< nothing is read from it
    unix_listener,      ///< for `accept`: who connects is there at once
    tcp_listener,       ///< the same, if the script breaks it: a Unix listener that is shut down fails no accept(2)
    connector,          ///< for `connect`: nothing comes of the other verbs
};
[[nodiscard]] std::vector<wire> wires_of(const scenario& s);

[[nodiscard]] constexpr bool is_listener(wire w) noexcept {
    return w == wire::unix_listener || w == wire::tcp_listener;
}
[[nodiscard]] constexpr bool concerns_channel(world_verb what) noexcept { return what >= world_verb::data; }

/// The byte at a place of the stream that the world sends into a channel.
[[nodiscard]] constexpr std::byte sent_byte(std::size_t channel, std::size_t at) noexcept {
    return static_cast<std::byte>((channel * 31 + at * 7 + at / 251) & 0xff);
}

/// Everything but `near`, `wire_of`, `port` and `close_all` is called on the world's thread, or while it rests. Throws
/// std::system_error if the kernel has no more descriptors.
class real_channels {
public:
    explicit real_channels(const scenario& s, problem_list& problems);

    [[nodiscard]] std::vector<int> near() const;
    [[nodiscard]] wire wire_of(std::size_t channel) const noexcept { return channels_[channel].what; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// The near end is somebody else's to close from now on.
    void give_up(std::size_t channel) noexcept { channels_[channel].near.release(); }
    /// The channel whose near end has this number, or -1.
    [[nodiscard]] int find(int descriptor) const noexcept;

    /// What an entry of the script says; nothing for those that are about no channel.
    void perform(const world_entry& entry);
    /// Waits until the kernel has carried over what was performed on the channel (TCP may take its time).
    void settle(std::size_t channel);
    /// Takes what has arrived at the far end, so that the program's next write has room. A channel that began without
    /// room is only drained by its entry `room`.
    void drain(std::size_t channel);

    /// Closes the near ends that are left and drains everything to its end.
    void close_all();
    /// What the program wrote, as it arrived, after `close_all`.
    [[nodiscard]] const std::string& received(std::size_t channel) const noexcept { return channels_[channel].got; }
    /// True if `received` may lack the end of what was written: the world reset the channel, or the program closed a
    /// TCP connection, which resets it if something had not been read.
    [[nodiscard]] bool may_lack(std::size_t channel) const noexcept;
    /// How many bytes the world sent.
    [[nodiscard]] std::size_t sent(std::size_t channel) const noexcept { return channels_[channel].sent; }
    /// To be watched by a world that drains whenever something arrives.
    [[nodiscard]] std::vector<int> far_ends() const;

private:
    struct channel {
        wire what{};
        owned_descriptor near{};
        owned_descriptor far{};
        owned_descriptor duplicate{};              ///< of the near end, which the program may close
        std::vector<owned_descriptor> visitors{};  ///< who connected to a listener
        std::size_t sent{};
        std::size_t filler{};  ///< bytes that took all room at the start and have not been read
        std::string got{};
        bool has_room{};
        bool ended{};
        bool has_heard_all{};  ///< the near end will write no more
        bool was_reset{};
    };

    [[nodiscard]] channel make(wire what, bool has_room);
    void send(std::size_t number, channel& c, std::size_t bytes);
    void end(channel& c);
    void reset(channel& c);
    void visit(channel& c);
    void read_all(channel& c);

    problem_list& problems_;
    owned_descriptor host_{};  ///< where connectors go
    std::uint16_t port_{1};
    std::vector<channel> channels_{};
};

}  // namespace galley::spec
