// SPDX-License-Identifier: BSL-1.0
// Ends the program when a benchmark does not: a loop that has lost the last of what it was to do waits for ever.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

namespace galley_bench {

class watchdog {
public:
    /// From now on, until it is destroyed: if that takes longer, says whose work it was, and ends the process.
    watchdog(std::string whose, std::chrono::seconds limit)
        : thread_{[this, whose = std::move(whose), limit](const std::stop_token& over) {
              std::unique_lock lock{mutex_};
              wake_.wait_for(lock, over, limit, [] { return false; });
              if (!over.stop_requested()) {
                  std::fprintf(stderr, "FAILED %s: it has not ended within %lld s: work was lost\n", whose.c_str(),
                               static_cast<long long>(limit.count()));
                  std::_Exit(1);
              }
          }} {}

private:
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;
};

}  // namespace galley_bench
