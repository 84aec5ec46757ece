// SPDX-License-Identifier: BSL-1.0
#include <spec/stage/run/world.hpp>

#include <mutex>
#include <utility>

namespace galley::spec {

namespace {

bool is_post(world_verb what) noexcept { return what == world_verb::post || what == world_verb::wake; }

}  // namespace

void world::open(loop& l) {
    for (const world_entry& entry : scenario_.world) {
        posts_left_ += is_post(entry.what) ? 1U : 0U;
    }
    if (posts_left_ > 0) {
        remote_.emplace(l.get_remote());
    }
}

void world::post(std::int64_t event) {
    const std::lock_guard in_order{program_.posting};
    hand_over(program_.setting(event));
}

void world::wake() {
    const std::lock_guard in_order{program_.posting};
    ++program_.posts;
    hand_over(callback{});
}

void world::hand_over(callback work) {
    if (!remote_->post(std::move(work))) {
        refused_.push_back(program_.posts);
    }
    if (--posts_left_ == 0) {
        remote_.reset();
    }
}

void world::post_the_rest(std::size_t from) {
    for (std::size_t i = from; i < scenario_.world.size(); ++i) {
        if (is_post(scenario_.world[i].what) && !remote_->post(callback{[] {}})) {
            refused_.push_back(++program_.posts);
        }
    }
    for (const std::uint64_t post : refused_) {
        record_.refused(post);
    }
}

}  // namespace galley::spec
