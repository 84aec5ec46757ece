// SPDX-License-Identifier: BSL-1.0
#include "freed_memory.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

namespace {

std::vector<void*> kept;
bool keeping = false;

void give_up(void* memory) noexcept {
    if (std::exchange(keeping, false)) {  // not what the list frees when it grows
        kept.push_back(memory);
        keeping = true;
    } else {
        std::free(memory);
    }
}

void* checked(void* memory) {
    if (memory == nullptr) {
        throw std::bad_alloc{};
    }
    return memory;
}

}  // namespace

void* operator new(std::size_t size) { return checked(std::malloc(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto unit = static_cast<std::size_t>(alignment);
    return checked(std::aligned_alloc(unit, (size + unit - 1) / unit * unit));
}
void operator delete(void* memory) noexcept { give_up(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_up(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_up(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_up(memory); }

namespace galley::interleave {

keep_freed_memory::keep_freed_memory() noexcept { keeping = true; }
keep_freed_memory::~keep_freed_memory() {
    keeping = false;
    for (void* const memory : kept) {
        std::free(memory);
    }
    kept.clear();
}

}  // namespace galley::interleave
