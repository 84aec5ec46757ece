// SPDX-License-Identifier: BSL-1.0
async fn answer() -> i32 {
    tokio::time::sleep(std::time::Duration::ZERO).await;
    42
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    std::process::exit(runtime.block_on(answer()));
}
