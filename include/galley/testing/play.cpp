// SPDX-License-Identifier: BSL-1.0
#include <galley/testing/play.hpp>

#include <galley/spawn.hpp>

#include <exception>
#include <optional>

namespace galley::testing {

namespace {

std::string text_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "something that is no std::exception";
    }
}

std::string name_of(const context& task) {
    const std::string id = "task " + std::to_string(task.id());
    return task.name() == nullptr ? id : id + " '" + task.name() + "'";
}

/// The pending tasks and what they await, but for one.
std::string pending_but(const loop& l, task_id one) {
    std::string text;
    for (const context* const task : l.tasks().pending_tasks()) {
        if (task->id() == one) continue;
        const bool waits = task->current_state() == context::state::waiting;
        text += "\n  " + name_of(*task) + (waits ? ", which awaits " : ": ") + task->awaiting();
    }
    return text;
}

/// What is wrong with a run.
class findings {
public:
    void add(const std::string& what) { text_ += (text_.empty() ? "" : "\n") + what; }
    [[nodiscard]] std::string take() noexcept { return std::move(text_); }

    static void on_failure(void* self, const context* task, std::exception_ptr error) noexcept {
        static_cast<findings*>(self)->add((task == nullptr ? "a callback" : name_of(*task)) +
                                          " failed, and nobody took its outcome: " + text_of(error));
    }

private:
    std::string text_;
};

/// Looks who is left when the body's frame goes, and ends the run.
class last_look {
public:
    last_look(loop& l, findings& found, task_id self) noexcept : loop_{l}, found_{found}, self_{self} {}
    last_look(const last_look&) = delete;
    last_look& operator=(const last_look&) = delete;
    ~last_look() {
        if (loop_.tasks().closing()) return;
        if (const std::string left = pending_but(loop_, self_); !left.empty()) {
            found_.add("left behind when the body ended:" + left);
        }
        loop_.stop();
    }

private:
    loop& loop_;
    findings& found_;
    task_id self_;
};

task<> watched(const body_function& body, world& w, findings& found) {
    context& self = co_await this_task();
    const last_look at_exit{w.loop, found, self.id()};
    co_await body(w);
}

}  // namespace

std::string play(const loop_maker& make, const body_function& body, chooser* decides) {
    findings found;
    virtual_driver driver;
    std::optional<world> around;  // outlives the loop, whose tasks refer to it
    {
        const std::unique_ptr<loop> l = make(driver);
        l->tasks().on_failure(&findings::on_failure, &found);
        world& w = around.emplace(*l, driver, decides);
        join_handle<> main = spawn(*l, watched(body, w, found), "body");
        const verdict v = l->run();
        if (!main.ended()) {
            found.add((v == verdict::deadlocked ? "nothing can wake what is left:" : "stopped before the body ended:") +
                      pending_but(*l, 0));
        } else {
            try {
                main.take();
            } catch (const std::exception& e) {
                found.add(std::string{"the body failed: "} + e.what());
            } catch (...) {
                found.add("the body threw something that is no std::exception");
            }
        }
    }
    for (const std::string& name : driver.open_files()) found.add("left open: " + name);
    return found.take();
}

}  // namespace galley::testing
