// SPDX-License-Identifier: BSL-1.0
// The whole vocabulary. A loop to run it on: <galley/fast/loop.hpp>, or <galley/ref/loop.hpp> to read along.
#pragma once

#include <galley/as_task.hpp>
#include <galley/cancel_scope.hpp>
#include <galley/completion.hpp>
#include <galley/contract/loop.hpp>
#include <galley/contract/remote.hpp>
#include <galley/contract/time.hpp>
#include <galley/event.hpp>
#include <galley/io.hpp>
#include <galley/join_handle.hpp>
#include <galley/mutex.hpp>
#include <galley/queue.hpp>
#include <galley/run.hpp>
#include <galley/run_on.hpp>
#include <galley/semaphore.hpp>
#include <galley/settled.hpp>
#include <galley/sleep.hpp>
#include <galley/spawn.hpp>
#include <galley/task.hpp>
#include <galley/task_group.hpp>
#include <galley/tcp.hpp>
#include <galley/thread_pool.hpp>
#include <galley/to_thread.hpp>
#include <galley/when_all.hpp>
#include <galley/when_any.hpp>
