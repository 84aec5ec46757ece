// SPDX-License-Identifier: BSL-1.0
//! tokio's scheduler of one thread (tokio::runtime::Builder::new_current_thread), under the preloaded library. A task is a spawned
//! future. What tokio does not do with tasks (all, any and groups are futures of one task) is not asked for.
mod channel;
mod play;
mod serve;

fn main() {
    serve::serve();
}
