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
    Crew(std::size_t count_, std::size_t threads_, Control& control_,
         const std::function<void(std::size_t, Control&)>& f_)
        : count(count_), threads(threads_), control(control_), f(f_) {}

    const std::size_t count, threads;
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
            own.time_limit = share(control, count - job, threads);
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

void run_here(std::size_t count, Control& control, const std::function<void(std::size_t, Control&)>& f) {
    for (std::size_t job = 0; job < count; ++job) {
        Control own;
        own.interrupted = [&control] { return control.cancelled(); };
        own.time_limit = share(control, count - job, 1);
        f(job, own);
        if (control.cancelled()) throw Cancelled{};
    }
}

}  // namespace

void run_jobs(std::size_t count, int n_threads, Control& control, const std::function<void(std::size_t, Control&)>& f) {
    const auto threads = std::min(count, static_cast<std::size_t>(std::max(n_threads, 1)));
    if (threads <= 1) return run_here(count, control, f);
    Crew crew(count, threads, control, f);
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
    if (workers.empty()) return run_here(count, control, f);
    crew.watch();
    for (auto& worker : workers) worker.join();
    if (crew.error) std::rethrow_exception(crew.error);
    if (crew.stop) throw Cancelled{};
}

}  // namespace riata
