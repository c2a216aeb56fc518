#include "parallel/jobs.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace riata {

namespace {

constexpr std::chrono::milliseconds kPoll{20};
constexpr double kNoTime = 1e-9;  // a limit of 0 would be none

/// Seconds for a job when `waiting` jobs, itself included, share what is left with so many threads.
double share(const Control& control, std::size_t waiting, std::size_t threads) {
    if (!(control.time_limit > 0)) return 0;
    const auto rounds = static_cast<double>((waiting + threads - 1) / threads);
    return std::max(kNoTime, (control.time_limit - control.seconds()) / rounds);
}

struct Crew {
    Crew(std::size_t count_, std::size_t later_, std::size_t threads_, Control& control_,
         const std::function<void(std::size_t, Control&)>& f_)
        : count(count_), later(later_), threads(threads_), control(control_), f(f_) {}

    const std::size_t count, later, threads;
    Control& control;
    const std::function<void(std::size_t, Control&)>& f;
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stop{false};
    std::size_t at_work = 0;
    std::exception_ptr error;
    std::mutex mutex;
    std::condition_variable done;

    void work() {
        for (std::size_t job; !stop && (job = next++) < count;) {
            Control own;
            own.interrupted = [this] { return stop.load(); };
            own.time_limit = share(control, count - job + later, threads);
            try {
                f(job, own);
            } catch (...) {
                std::lock_guard lock(mutex);
                if (!stop.exchange(true)) error = std::current_exception();
            }
        }
        std::lock_guard lock(mutex);
        if (--at_work == 0) done.notify_one();
    }

    /// Waits until all are done and asks the control meanwhile.
    void watch() {
        std::unique_lock lock(mutex);
        while (!done.wait_for(lock, kPoll, [this] { return at_work == 0; })) {
            lock.unlock();
            if (control.cancelled()) stop = true;
            lock.lock();
        }
    }
};

/// Jobs from `first` on, one after the other; `later` counts what is to come after them.
void run_here(std::size_t first, std::size_t count, std::size_t later, Control& control,
              const std::function<void(std::size_t, Control&)>& f) {
    for (std::size_t job = first; job < count; ++job) {
        Control own;
        own.interrupted = [&control] { return control.cancelled(); };
        own.time_limit = share(control, count - job + later, 1);
        f(job, own);
        if (control.cancelled()) throw Cancelled{};
    }
}

void run_side_by_side(std::size_t count, std::size_t later, std::size_t threads, Control& control,
                      const std::function<void(std::size_t, Control&)>& f) {
    Crew crew(count, later, threads, control, f);
    std::vector<std::thread> workers;
    try {
        for (; workers.size() < threads; workers.emplace_back([&] { crew.work(); })) {
            std::lock_guard lock(crew.mutex);
            ++crew.at_work;
        }
    } catch (const std::system_error&) {  // no more threads to be had
        std::lock_guard lock(crew.mutex);
        --crew.at_work;
    }
    if (workers.empty()) return run_here(0, count, later, control, f);
    crew.watch();
    for (auto& worker : workers) worker.join();
    if (crew.error) std::rethrow_exception(crew.error);
    if (crew.stop) throw Cancelled{};
}

}  // namespace

void run_jobs(std::size_t count, int n_threads, Control& control, const std::function<void(std::size_t, Control&)>& f) {
    const auto threads = std::min(count, static_cast<std::size_t>(std::max(n_threads, 1)));
    if (threads <= 1) return run_here(0, count, 0, control, f);
    run_side_by_side(count, 0, threads, control, f);
}

void run_shared(std::size_t count, std::size_t later, int n_threads, Control& control,
                const std::function<void(std::size_t, int, Control&)>& f) {
    const auto threads = static_cast<std::size_t>(std::max(n_threads, 1));
    const std::size_t apart = threads > 1 ? count - count % threads : 0;
    if (apart > 0)
        run_side_by_side(apart, count - apart + later, threads, control,
                         [&](std::size_t job, Control& own) { f(job, 1, own); });
    run_here(apart, count, (later + threads - 1) / threads, control,
             [&](std::size_t job, Control& own) { f(job, n_threads, own); });
}

}  // namespace riata
