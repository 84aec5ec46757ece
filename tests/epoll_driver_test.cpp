// SPDX-License-Identifier: BSL-1.0
// What only the epoll driver can meet: a kernel that refuses.
#include "tests/driver_fixture.hpp"

#include <cstddef>
#include <cstdlib>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace galley_test {
namespace {

// epoll_ctl(2), ELOOP: an epoll inside an epoll inside ..., more than five deep.
TEST(epoll_driver_test, a_descriptor_that_epoll_refuses_is_an_error_of_the_operation) {
    std::vector<owned> chain;
    for (int depth = 0; depth < 6; ++depth) {
        chain.emplace_back(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
        if (depth > 0) {
            epoll_event wanted{};
            if (::epoll_ctl(chain.back().get(), EPOLL_CTL_ADD, chain[chain.size() - 2].get(), &wanted) != 0) {
                chain.pop_back();
                break;
            }
        }
    }
    galley::fast::epoll_driver driver;
    test_op readable{io::readable, chain.back()};
    ASSERT_TRUE(driver.start(readable));
    EXPECT_TRUE(readable.error() == ELOOP || readable.error() == EINVAL) << readable.error();
}

/// Makes the kernel refuse a system call to this thread from now on, as an old kernel or a sandbox would.
bool forbid(unsigned call, unsigned error) {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{sizeof program / sizeof *program, program};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

int work_without_pwait2(int error) {
    if (!forbid(SYS_epoll_pwait2, static_cast<unsigned>(error)) || ::syscall(SYS_epoll_pwait2, -1, nullptr, 0, nullptr, nullptr, 0) != -1 ||
        errno != error) {
        return 2;
    }
    galley::fast::epoll_driver driver;
    galley::operation_list done;
    for (const galley::duration d : {1ns, 1'000'001ns, 1'999'999ns}) {
        const instant until = driver.now() + d;
        driver.wait(until, done);
        if (driver.now() < until) {
            return 3;
        }
    }
    driver.get_waker()->wake();
    driver.wait(std::nullopt, done);
    driver.get_waker()->wake();
    driver.wait(galley::end_of_time, done);
    return done.empty() ? 0 : 4;
}

TEST(epoll_driver_DeathTest, an_old_kernel_gives_milliseconds_rounded_up) {
    for (const int error : {ENOSYS, EPERM}) {
        EXPECT_EXIT(std::_Exit(work_without_pwait2(error)), testing::ExitedWithCode(0), "");
    }
}

}  // namespace
}  // namespace galley_test
