// SPDX-License-Identifier: BSL-1.0
#include <uv.h>

int main() {
    int value = 0;
    uv_loop_t loop;
    uv_loop_init(&loop);
    uv_timer_t timer;
    uv_timer_init(&loop, &timer);
    timer.data = &value;
    uv_timer_start(
        &timer,
        [](uv_timer_t* t) {
            *static_cast<int*>(t->data) = 42;
            uv_close(reinterpret_cast<uv_handle_t*>(t), nullptr);
        },
        0, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return value;
}
