// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/real/witness_driver.hpp>

#include <algorithm>
#include <tuple>

namespace galley::spec {

namespace {

constexpr std::byte untouched{0xa5};

bool is_transfer(const operation& op) noexcept {
    return (op.kind == io::read || op.kind == io::write) && op.buffer != nullptr;
}

bool was_performed(const operation& op) noexcept {
    return op.result.how == io_result::status::done && op.result.error == 0;
}

std::byte* buffer_of(const operation& op) noexcept { return static_cast<std::byte*>(op.buffer); }

}  // namespace

witness_driver::witness_driver(driver& d, real_channels& channels, problem_list& problems)
    : inner_{d},
      channels_{channels},
      problems_{problems},
      bytes_read_(channels.near().size()),
      written_(channels.near().size()) {}

void witness_driver::object(std::string text) { problems_.add("the driver broke its promise: " + std::move(text)); }

bool witness_driver::start(operation& op) noexcept {
    const int found = channels_.find(op.descriptor);
    const std::size_t channel = found < 0 ? no_channel : static_cast<std::size_t>(found);
    if (is_transfer(op)) {
        std::fill_n(buffer_of(op), op.size, untouched);
        if (op.kind == io::write) {  // no two writes alike, so that it shows which one moved what
            ++writes_;
            for (std::size_t i = 0; i < op.size; ++i) {
                buffer_of(op)[i] = static_cast<std::byte>((writes_ * 17 + i) % 251);
            }
        }
    }
    if (inner_.start(op)) {
        performed(op, channel);
        return true;
    }
    if (!in_flight_.emplace(&op, channel).second) {
        object("IO-1: an operation was started while it was in flight");
    }
    return false;
}

int witness_driver::close(int descriptor) noexcept {
    if (const int channel = channels_.find(descriptor); channel >= 0) {
        channels_.give_up(static_cast<std::size_t>(channel));
    }
    return inner_.close(descriptor);
}

void witness_driver::ask(operation_list& done) noexcept {
    operation_list reported;
    inner_.ask(reported);
    take(reported, done);
}

void witness_driver::wait(std::optional<instant> until, operation_list& done) noexcept {
    operation_list reported;
    inner_.wait(until, reported);
    take(reported, done);
}

void witness_driver::take(operation_list& reported, operation_list& done) {
    using place = std::tuple<bool, std::uint64_t>;
    std::unordered_map<int, place> latest;  // of each descriptor
    while (operation* const op = reported.pop_front()) {
        const auto entry = in_flight_.find(op);
        if (entry == in_flight_.end()) {
            object("IO-1: an operation was reported that is not in flight");
            continue;  // it may be gone
        }
        if (was_performed(*op)) {
            const place here{!is_read(op->kind), op->order};
            const auto [before, is_first] = latest.try_emplace(op->descriptor, here);
            if (!is_first && std::exchange(before->second, here) > here) {
                object("READY-1: operations of one descriptor were reported out of order");
            }
        }
        performed(*op, entry->second);
        in_flight_.erase(entry);
        done.push_back(*op);
    }
}

void witness_driver::performed(const operation& op, std::size_t channel) {
    if (!is_transfer(op) || channel == no_channel) {
        return;
    }
    const std::string where = "channel " + std::to_string(channel) + ", operation " + std::to_string(op.order);
    const auto count = was_performed(op) ? static_cast<std::size_t>(op.result.count) : 0;
    if (count > op.size) {
        return object("IO-5: a transfer of more bytes than asked for, " + where);
    }
    const std::byte* const bytes = buffer_of(op);
    if (op.kind == io::write) {
        written_[channel].append(reinterpret_cast<const char*>(bytes), count);
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (bytes[i] != sent_byte(channel, bytes_read_[channel] + i)) {
            return object("IO-3: byte " + std::to_string(bytes_read_[channel] + i) +
                          " of the stream was expected and something else was read, " + where);
        }
    }
    bytes_read_[channel] += count;
    if (!std::all_of(bytes + count, bytes + op.size, [](std::byte b) { return b == untouched; })) {
        object("IO-5: the buffer was written to beyond what was reported, " + where);
    }
}

void witness_driver::compare_far_ends() {
    for (std::size_t c = 0; c < written_.size(); ++c) {
        const std::string& arrived = channels_.received(c);
        const bool is_right = channels_.may_lack(c) ? written_[c].starts_with(arrived) : written_[c] == arrived;
        if (!is_right) {
            object("IO-5: " + std::to_string(arrived.size()) + " bytes arrived of " +
                   std::to_string(written_[c].size()) + " that channel " + std::to_string(c) +
                   " is said to have taken, or they differ");
        }
    }
}

}  // namespace galley::spec
