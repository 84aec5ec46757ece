// SPDX-License-Identifier: BSL-1.0
#include "office.hpp"

#include "office_loop.hpp"

#include <algorithm>
#include <functional>

namespace galley::interleave {

std::string to_text(const office_plan& p) {
    std::string text = std::to_string(p.looks) + " looks";
    for (const std::string& s : p.scripts) {
        text += " | " + s;
    }
    text += p.timers != 0 ? ", " + std::to_string(p.timers) + " timers" : "";
    text += p.busy != 0 ? ", busy for " + std::to_string(p.busy) + " rounds" : "";
    return text + (p.own_remote ? ", own remote" : "") + (p.kept_remote ? ", kept remote" : "") +
           (p.shared ? ", shared" : "");
}

office::office(stage& s, const office_plan& p)
    : stage_{s}, plan_{p}, letters_(p.scripts.size() + 1), called_(letters_.size()) {
    own_bell_.emplace(shared<bell>::make());
    bell_ = own_bell_->get();
    const auto waker_that_owns = [&] {
        return std::shared_ptr<waker>{&ringer_, [held = own_bell_->hold()](waker*) mutable { held.reset(); }};
    };
    own_box_.emplace(shared<mailbox>::make(waker_that_owns()));
    box_ = own_box_->get();
    for (std::size_t i = 0; i < p.scripts.size(); ++i) {
        remotes_.emplace_back().emplace_back(hold_box());
    }
    if (p.kept_remote) {
        kept_remote_.emplace(hold_box());
    }
    loops_box_ = hold_box();
    if (p.shared) {
        drivers_waker_ = waker_that_owns();
        own_bell_.reset();
        own_box_.reset();
    }
}

std::shared_ptr<office::mailbox> office::hold_box() {
    return plan_.shared ? own_box_->hold() : std::shared_ptr<mailbox>{std::shared_ptr<void>{}, box_};
}

void office::run() {
    std::vector<std::function<void()>> threads{[this] { loop(); }};
    for (std::size_t who = 0; who < plan_.scripts.size(); ++who) {
        threads.emplace_back([this, who] { poster(who); });
    }
    stage_.run(std::move(threads));
    judge();
}

// ---- posters -------------------------------------------------------------------------------------------------------

void office::poster(std::size_t who) {
    std::vector<remote> remotes = std::move(remotes_[who]);
    for (const char what : plan_.scripts[who]) {
        switch (what) {
            case 'p': post(who); break;
            case 'b': post(who, 2); break;
            case 'w':
                stage_.require(remotes.back().wake() || closing_, "a wake is refused only once the loop closes");
                break;
            case 's': remotes.back().stop(); break;
            case 'c': remotes.push_back(remote{remotes.back()}); break;
            default: remotes.pop_back();
        }
    }
}

/// By a thread that has a remote.
void office::post(std::size_t who, std::size_t count) {
    std::vector<callback> works;
    const letter* after = nullptr;
    for (std::size_t i = 0; i < count; ++i) {
        letter& l = letters_[who].emplace_back(*this, who, letters_[who].size(), after);
        after = &l;
        works.emplace_back(delivery{l});
    }
    const std::size_t before = stage_.swaps();
    const bool refused = !box_->post(works);
    stage_.require(refused || stage_.swaps() - before == 1, "posts that are made together change the inbox once");
    stage_.require(!refused || closing_, "a post is refused only once the loop closes");
    for (std::size_t i = 0; i < count; ++i) {
        (letters_[who].end() - static_cast<std::ptrdiff_t>(count - i))->refused = refused;
        stage_.require(static_cast<bool>(works[i]) == refused,
                       "what is refused is left with its poster, and nothing else");
    }
}

office::delivery::~delivery() {
    if (letter_ != nullptr) {
        letter_->contents.set(3);
        ++letter_->ended;
        letter_->of.stage_.require(letter_->called != 0 || letter_->of.closing_,
                                   "a post ends uncalled only once the loop closes");
    }
}

void office::delivery::operator()() {
    letter_->contents.set(4);
    ++letter_->called;
    office& of = letter_->of;
    of.stage_.require(of.called_[letter_->who]++ == letter_->number, "the posts of a thread are called in order");
    const letter* const latest = std::exchange(of.latest_called_, letter_);
    of.stage_.require(letter_->after == nullptr || letter_->after == latest, "nothing is between posts made together");
}

void office::ring() noexcept {
    stage_.require(bell_->open.get(), "the bell is there");
    stage_.require(rings_++ < sleeps_, "a ring for each sleep, and no other");
    token_.set();
}

// ---- the loop ------------------------------------------------------------------------------------------------------

void office::loop() {
    office_loop loop{*this, std::move(loops_box_)};
    const auto drivers_waker = std::move(drivers_waker_);
    if (plan_.own_remote) {
        own_remote_.emplace(loop.box());
        post(plan_.scripts.size());
    }
    verdict v = loop.run();
    while (v == verdict::stopped) {
        ++stops_;
        if (loop.is_over()) {
            break;
        }
        v = loop.run();
    }
    deadlocked_ = v == verdict::deadlocked;
    closing_ = true;
    loop.close();
    own_remote_.reset();
}

// ---- what is required ----------------------------------------------------------------------------------------------

/// How often posters do it, in all.
std::size_t office::told(char what) const {
    std::size_t count = 0;
    for (const std::string& s : plan_.scripts) {
        count += static_cast<std::size_t>(std::ranges::count(s, what));
    }
    return count;
}

std::size_t office::posted() const { return told('p') + 2 * told('b') + (plan_.own_remote ? 1 : 0); }

bool office::all_came() const {
    std::size_t called = 0;
    for (const std::size_t n : called_) {
        called += n;
    }
    return called == posted() && (stops_ != 0 || told('s') == 0);
}

void office::judge() {
    const auto fate = [](const letter& l) { return l.refused ? 2 : l.called == 0 ? 1 : 0; };
    for (const auto& sent : letters_) {
        stage_.require(std::ranges::is_sorted(sent, {}, fate),
                       "the first posts are called, the next left, the last refused");
        for (const letter& l : sent) {
            stage_.require(l.called + (l.refused ? 1 : 0) <= 1 && l.ended == 1, "each post once");
            stage_.require(!deadlocked_ || l.called == 1, "nothing comes after nothing could come");
        }
    }
    stage_.require(stops_ <= told('s'), "nobody stops but who asked for it");
    stage_.require(!deadlocked_ || (all_came() && !plan_.kept_remote), "nothing is lost, and more could not come");
    stage_.require(plan_.looks < enough_looks || deadlocked_ || plan_.kept_remote, "a loop that is not destroyed ends");
}

}  // namespace galley::interleave
