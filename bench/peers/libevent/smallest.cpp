// SPDX-License-Identifier: BSL-1.0
#include <event2/event.h>

int main() {
    int value = 0;
    event_base* const base = event_base_new();
    const timeval at_once{0, 0};
    event_base_once(
        base, -1, EV_TIMEOUT, [](evutil_socket_t, short, void* v) { *static_cast<int*>(v) = 42; }, &value, &at_once);
    event_base_dispatch(base);
    event_base_free(base);
    return value;
}
