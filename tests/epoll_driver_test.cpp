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

// What a duplicate that lives on has to say is nobody's business after the close (epoll(7), question 6).
TEST(epoll_driver_test, a_closed_descriptor_wakes_nobody) {
    galley::fast::epoll_driver driver;
    pair p = make_socketpair();
    const owned duplicate{check(::dup(p.a.get()), "dup")};
    test_op read{io::read, p.a, 8};
    galley::operation_list done;
    ASSERT_FALSE(driver.start(read));
    driver.ask(done);
    ASSERT_TRUE(done.empty());
    EXPECT_EQ(driver.close(p.a.release()), 0);
    driver.ask(done);
    EXPECT_EQ(done.pop_front(), &read);
    send_all(p.b, "to the duplicate");
    const instant until = driver.now() + 3ms;
    driver.wait(until, done);
    EXPECT_GE(driver.now(), until);
}

// One system call per transfer: once a stream is known to be drained, starting a read asks neither the socket nor
// epoll_ctl. Here either would fail, and so complete the read at once.
int read_without_system_call(bool tcp) {
    galley::fast::epoll_driver driver;
    galley::operation_list done;
    pair p = tcp ? make_tcp_pair() : make_socketpair();
    if (tcp) {  // on a number under which another stream has ended, as it is in a server that runs for long
        pair old = make_tcp_pair();
        test_op end{io::read, old.a, 100};
        old.b.close();
        if (driver.start(end)) {
            return 1;
        }
        driver.wait(std::nullopt, done);
        const int number = old.a.release();
        if (done.pop_front() != &end || driver.close(number) != 0 || ::dup3(p.a.get(), number, O_CLOEXEC) != number) {
            return 1;
        }
        p.a = owned{number};
    }
    test_op first{io::read, p.a, 100};
    test_op second{io::read, p.a, 100};
    test_op third{io::read, p.a, 100};
    if (driver.start(first) || ::write(p.b.get(), "x", 1) != 1) {
        return 2;
    }
    driver.wait(std::nullopt, done);
    if (done.pop_front() != &first || first.text() != "x") {
        return 3;
    }
    if (!tcp) {  // for other sockets a short read proves nothing; the EAGAIN of one more does
        if (driver.start(second)) {
            return 4;
        }
        driver.cancel(second);
        driver.ask(done);
    }
    if (!forbid(SYS_recvfrom, EIO) || !forbid(SYS_epoll_ctl, EIO)) {
        return 5;
    }
    if (driver.start(third)) {
        return 6;
    }
    driver.cancel(third);
    driver.ask(done);
    return 0;
}

TEST(epoll_driver_DeathTest, a_drained_socket_is_not_asked_again) {
    for (const bool tcp : {true, false}) {
        EXPECT_EXIT(std::_Exit(read_without_system_call(tcp)), ::testing::ExitedWithCode(0), "");
    }
}

int work_without_pwait2(int error) {
    if (!forbid(SYS_epoll_pwait2, static_cast<unsigned>(error)) ||
        ::syscall(SYS_epoll_pwait2, -1, nullptr, 0, nullptr, nullptr, 0) != -1 || errno != error) {
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
        EXPECT_EXIT(std::_Exit(work_without_pwait2(error)), ::testing::ExitedWithCode(0), "");
    }
}

}  // namespace
}  // namespace galley_test
