// SPDX-License-Identifier: BSL-1.0
// Catering: what the cook has done elsewhere. The supplier answers on a thread of his own, by a callback; the grinder
// blocks whoever uses it; the bakery is another loop. The cook waits for all of them, and for none longer than he
// wants to.
#include <galley/fast/loop.hpp>
#include <galley/galley.hpp>

#include <chrono>
#include <cstdio>
#include <functional>
#include <future>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

/// Somebody else's library: it calls back once, some day, on its own thread.
class supplier {
public:
    void order(std::string what, std::function<void(std::string)> deliver) {
        van_ = std::jthread{[what = std::move(what), deliver = std::move(deliver)] { deliver("fresh " + what); }};
    }

private:
    std::jthread van_;
};

/// A completer may be copied, so it fits into a std::function; and it may be used when nobody waits any more.
galley::task<std::string> ordered(supplier& from, std::string what) {
    galley::loop& kitchen = co_await galley::this_loop();
    galley::completion<std::string> delivery{kitchen};
    from.order(std::move(what),
               [done = delivery.get_completer()](std::string goods) mutable { done.complete(std::move(goods)); });
    co_return co_await delivery.wait();
}

galley::task<std::string> baked(std::string what) {
    co_await galley::sleep_for(10ms);
    co_return "warm " + what;
}

galley::task<> dinner(galley::remote bakery) {
    supplier market;
    galley::thread_pool helpers{2};
    auto grind = [] { return std::string{"ground pepper"}; };
    const auto [fish, pepper, bread] = co_await galley::when_all(
        ordered(market, "fish"), galley::to_thread(helpers, grind), galley::run_on(bakery, baked("bread")));
    std::printf("%s, %s and %s\n", fish.c_str(), pepper.c_str(), bread.c_str());

    // This one would go on for ever. It is told that nobody waits for it, and the cook goes on at once.
    auto whet = [](std::stop_token enough) {
        while (!enough.stop_requested()) {
            std::this_thread::yield();
        }
    };
    const bool sharp = co_await galley::try_timeout(20ms, galley::to_thread(helpers, whet));
    std::printf("the knives are %s\n", sharp ? "sharp" : "sharp enough");
}

int main() {
    std::promise<galley::remote> opens;
    std::future<galley::remote> opened = opens.get_future();
    std::jthread bakers{[&opens] {
        galley::fast::loop bakery;
        const galley::keep_alive until_stopped{bakery};
        opens.set_value(bakery.get_remote());
        bakery.run();
    }};
    const galley::remote bakery = opened.get();
    galley::fast::loop kitchen;
    galley::run(kitchen, dinner(bakery));
    bakery.stop();
}
