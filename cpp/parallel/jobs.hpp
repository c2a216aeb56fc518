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

/// The same for jobs that can use several threads, f(job, threads, its control): as many as fill all threads side by side, the
/// rest one after the other with all of them. `later` more jobs are to have their share of a time limit.
void run_shared(std::size_t count, std::size_t later, int n_threads, Control& control,
                const std::function<void(std::size_t, int, Control&)>& f);

}  // namespace riata
