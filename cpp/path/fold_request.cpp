#include "path/fold_request.hpp"

namespace riata {

FoldRequest::FoldRequest(const Request& from, const FoldOptions& options, int fold, double l1_ratio,
                         const std::vector<double>& alphas, std::size_t n)
    : request(from), path(options.path) {
    request.l1_ratio = l1_ratio;
    path.alphas = alphas;
    if (fold < 0) return;
    const auto f = static_cast<std::size_t>(fold);
    split = &options.folds[f];
    if (!options.stretch.empty())
        for (double& alpha : path.alphas) alpha *= options.stretch[f];
    s_.assign(n, 0.0);
    for (std::size_t i = 0; i < split->n_train; ++i) s_[split->train[i]] += weight_of(from, split->train[i]);
    request.sample_weight = s_.data();
}

}  // namespace riata
