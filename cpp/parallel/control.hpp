// How a running solve is told to stop: a cancel flag that the bindings set from pending signals, and a deadline.
#pragma once

#include <chrono>
#include <functional>

namespace riata {

class Control {
public:
    using Clock = std::chrono::steady_clock;

    /// Returns true when the user wants the call abandoned. Called every few milliseconds at most.
    std::function<bool()> interrupted;
    double time_limit = 0;  ///< seconds from construction, 0 for none

    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
    bool out_of_time() const { return time_limit > 0 && seconds() > time_limit; }
    void cancel() { cancelled_ = true; }

    /// True once the call is to be abandoned. Cheap enough for every inner iteration.
    bool cancelled() {
        if (cancelled_ || !interrupted) return cancelled_;
        const auto now = Clock::now();
        if (now < next_poll_) return false;
        next_poll_ = now + std::chrono::milliseconds(20);
        return cancelled_ = interrupted();
    }

private:
    Clock::time_point start_ = Clock::now();
    Clock::time_point next_poll_ = start_ + std::chrono::milliseconds(20);
    bool cancelled_ = false;
};

/// Thrown through the core when Control says so; the bindings turn it into the pending Python error.
struct Cancelled {};

}  // namespace riata
