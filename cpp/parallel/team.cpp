#include "parallel/team.hpp"

#include <algorithm>
#include <exception>

namespace riata {

namespace {
// A region follows the last one within microseconds as a rule; sleeping between them would cost more
// than the work of a small one.
constexpr int kSpins = 20000;
constexpr double kLeastWork = 1 << 17;  // multiply-adds that waking a second thread is worth

inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
}
}  // namespace

Team::Team(int n_threads, Control* control) : control_(control) {
    try {
        for (int t = 1; t < n_threads; ++t) workers_.emplace_back([this] { serve(); });
    } catch (const std::system_error&) {
        // No more threads to be had: go on with those that started.
    }
}

Team::~Team() {
    {
        std::lock_guard lock(mutex_);
        closing_ = true;
        generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (auto& w : workers_) w.join();
}

void Team::take_blocks(bool is_caller) {
    for (;;) {
        const std::size_t begin = job_.next.fetch_add(job_.block, std::memory_order_relaxed);
        if (begin >= job_.count) return;
        try {
            if (is_caller) ask();
            (*job_.f)(begin, std::min(begin + job_.block, job_.count));
        } catch (...) {
            std::lock_guard lock(mutex_);
            if (!error_) error_ = std::current_exception();
            job_.next.store(job_.count, std::memory_order_relaxed);
        }
    }
}

void Team::serve() {
    unsigned seen = 0;
    for (;;) {
        for (int k = 0; k < kSpins && generation_.load(std::memory_order_acquire) == seen; ++k) pause_briefly();
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
            seen = generation_.load(std::memory_order_acquire);
            if (closing_) return;
            if (!open_) continue;
            joined_.fetch_add(1, std::memory_order_relaxed);
        }
        take_blocks(false);
        if (joined_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            std::lock_guard lock(mutex_);
            idle_.notify_one();
        }
    }
}

void Team::for_blocks(std::size_t count, std::size_t block, const std::function<void(std::size_t, std::size_t)>& f,
                      double work) {
    if (count == 0) return;
    block = std::max<std::size_t>(block, 1);
    if (workers_.empty() || count <= block || work < kLeastWork) {
        for (std::size_t b = 0; b < count; b += block) {
            ask();
            f(b, std::min(b + block, count));
        }
        return;
    }
    {
        std::lock_guard lock(mutex_);
        job_.f = &f;
        job_.count = count;
        job_.block = block;
        job_.next.store(0, std::memory_order_relaxed);
        error_ = nullptr;
        open_ = true;
        generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    take_blocks(true);
    {
        std::lock_guard lock(mutex_);
        open_ = false;
    }
    for (int k = 0; k < kSpins && joined_.load(std::memory_order_acquire) != 0; ++k) pause_briefly();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] { return joined_.load(std::memory_order_acquire) == 0; });
    if (error_) std::rethrow_exception(error_);
}

}  // namespace riata
