// SPDX-License-Identifier: BSL-1.0
#include "search.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace galley::interleave {

bool independent(const step& a, const step& b) noexcept {
    using enum step::access;
    if (a.what == none || b.what == none) {
        return true;
    }
    if (a.what == everything || b.what == everything) {  // it knows nothing of what is not seq_cst
        return !((a.what == everything || a.sequential) && (b.what == everything || b.sequential));
    }
    return a.where != b.where || (a.what != whole && b.what != whole && !(a.sequential && b.sequential));
}

search::search(std::string_view choices) {
    while (!choices.empty()) {
        const std::string_view word = choices.substr(0, choices.find('.'));
        choices.remove_prefix(std::min(choices.size(), word.size() + 1));
        std::uint16_t taken = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), taken);
        if (error != std::errc{} || end != word.data() + word.size()) {
            throw std::invalid_argument("interleave: a replay is numbers with dots between them");
        }
        path_.push_back({0, taken});
    }
}

bool search::next() {
    if (begun_) {
        while (!path_.empty() && path_.back().taken + 1 >= path_.back().count) {
            path_.pop_back();
        }
        if (path_.empty()) {
            return false;
        }
        ++path_.back().taken;
    }
    begun_ = true;
    depth_ = 0;
    asleep_.clear();
    return true;
}

std::size_t search::pass(std::size_t count) {
    if (depth_ == path_.size()) {
        path_.push_back({});
    }
    node& here = path_[depth_++];
    here.count = static_cast<std::uint16_t>(count);
    if (here.taken >= count) {
        throw std::invalid_argument("interleave: the replay does not belong to this program");
    }
    return here.taken;
}

std::optional<turn> search::choose(std::span<const step> ready) {
    awake_.clear();
    // Loads first: then they sleep while others write, and wake. The other way round, writers would sleep for good.
    for (const bool loads : {true, false}) {
        for (const step& s : ready) {
            if ((s.what == step::access::load) == loads) {
                wake(s);
            }
        }
    }
    if (awake_.empty()) {
        return std::nullopt;
    }
    const std::size_t taken = pass(awake_.size());
    const candidate chosen = awake_[taken];
    for (std::size_t i = 0; i < taken && !every_order_; ++i) {
        put_to_sleep(awake_[i].what);
    }
    std::erase_if(asleep_,
                  [&](const step& s) { return s.thread == chosen.what.thread || !independent(s, chosen.what); });
    return turn{chosen.what.thread, chosen.from};
}

void search::wake(const step& s) {
    const auto sleeping = std::ranges::find(asleep_, s.thread, &step::thread);
    if (sleeping == asleep_.end()) {
        awake_.push_back({s, 0});
    } else if (s.reads() && sleeping->messages < s.messages) {
        awake_.push_back({s, sleeping->messages});
    }
}

void search::put_to_sleep(const step& s) {
    const auto sleeping = std::ranges::find(asleep_, s.thread, &step::thread);
    if (sleeping == asleep_.end()) {
        asleep_.push_back(s);
    } else {
        *sleeping = s;
    }
}

std::size_t search::choose(std::size_t count) { return count == 1 ? 0 : pass(count); }

std::string search::replay() const {
    std::string text;
    for (std::size_t i = 0; i < depth_; ++i) {
        text += (i == 0 ? "" : ".") + std::to_string(path_[i].taken);
    }
    return text;
}

}  // namespace galley::interleave
