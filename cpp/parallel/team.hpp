// A team of threads that lives as long as one call into the core: started on entry, joined before
// return, so that nothing survives into a fork and idle riata costs no thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "parallel/control.hpp"

namespace riata {

class Team {
public:
    /// With a control, the calling thread asks it before every block and throws Cancelled when it says so.
    explicit Team(int n_threads, Control* control = nullptr);
    ~Team();
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    static constexpr double kMuch = 1e300;

    int size() const { return static_cast<int>(workers_.size()) + 1; }

    /// Calls f(begin, end) for every block of at most `block` items of [0, count). The blocks do not
    /// depend on the number of threads, so neither does a result that is written block by block.
    /// The first exception thrown by f is rethrown here once all blocks have ended. Nobody waits for a worker that has not
    /// begun by the time that all blocks are taken: on a busy machine it may be long in coming.
    /// `work` is that of all blocks in multiply-adds: below some there are no threads, with the same blocks.
    void for_blocks(std::size_t count, std::size_t block, const std::function<void(std::size_t, std::size_t)>& f,
                    double work = kMuch);

private:
    void take_blocks(bool is_caller);
    void serve();
    void ask() const {
        if (control_ && control_->cancelled()) throw Cancelled{};
    }

    struct Job {
        const std::function<void(std::size_t, std::size_t)>* f = nullptr;
        std::size_t count = 0, block = 1;
        std::atomic<std::size_t> next{0};
    } job_;
    Control* control_;
    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable wake_, idle_;
    std::atomic<unsigned> generation_{0};
    bool open_ = false;           // there is a job to join
    std::atomic<int> joined_{0};  // workers that did
    std::exception_ptr error_;
    bool closing_ = false;
};

}  // namespace riata
