#include "path/path.hpp"

namespace riata {

Stop stop_after(const PathOptions& options, const std::vector<Solution>& solutions, std::size_t df) {
    const Solution& s = solutions.back();
    const std::size_t index = solutions.size() - 1;
    Stop stop = Stop::kCompleted;
    if (options.callback && options.callback(index, s.alpha, s.certificate.rel_gap, df, s.dev_ratio))
        stop = Stop::kCallback;
    if (options.max_features && df > options.max_features) stop = Stop::kMaxFeatures;
    if (options.early_stop && index >= 5) {
        const double before = solutions[index - 1].dev_ratio;
        if (s.dev_ratio > 0.999 || s.dev_ratio - before < 1e-5 * s.dev_ratio) stop = Stop::kEarlyStop;
    }
    return stop;
}

}  // namespace riata
