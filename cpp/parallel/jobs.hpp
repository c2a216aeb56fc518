// Independent jobs, each single-threaded and with a Control of its own: the outer level of parallelism, where there are
// more solves to do than threads.
#pragma once

#include <cstddef>
#include <functional>

#include "parallel/control.hpp"

namespace riata {

/// Calls f(job, its control) for every job < count, in this order, on so many threads. The calling thread asks `control`
/// meanwhile; once it is cancelled, or f has thrown, all jobs are told to stop and that is thrown. Of a time limit each job gets
/// its share of what is left.
void run_jobs(std::size_t count, int n_threads, Control& control, const std::function<void(std::size_t, Control&)>& f);

}  // namespace riata
