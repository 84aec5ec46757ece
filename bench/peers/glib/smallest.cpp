// SPDX-License-Identifier: BSL-1.0
#include <glib.h>

struct answer {
    GMainLoop* loop;
    int value;
};

int main() {
    answer a{g_main_loop_new(nullptr, FALSE), 0};
    g_timeout_add(
        0,
        [](gpointer p) -> gboolean {
            auto& got = *static_cast<answer*>(p);
            got.value = 42;
            g_main_loop_quit(got.loop);
            return G_SOURCE_REMOVE;
        },
        &a);
    g_main_loop_run(a.loop);
    g_main_loop_unref(a.loop);
    return a.value;
}
