// SPDX-License-Identifier: BSL-1.0
#include <ev.h>

int main() {
    int value = 0;
    struct ev_loop* const loop = ev_loop_new(EVFLAG_AUTO);
    ev_timer timer{};
    ev_timer_init(&timer, [](struct ev_loop*, ev_timer* t, int) { *static_cast<int*>(t->data) = 42; }, 0., 0.);
    timer.data = &value;
    ev_timer_start(loop, &timer);
    ev_run(loop, 0);
    ev_loop_destroy(loop);
    return value;
}
