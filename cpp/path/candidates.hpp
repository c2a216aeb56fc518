// Features that may enter a working set, and the choice among them.
#pragma once

#include <algorithm>
#include <vector>

#include "design/design.hpp"

namespace riata {

struct Candidate {
    Index feature;
    double score;
};

/// The `limit` best of the candidates, which are reordered; ascending.
inline std::vector<Index> best_of(std::vector<Candidate>& candidates, std::size_t limit) {
    if (candidates.size() > limit) {
        std::nth_element(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(limit), candidates.end(),
                         [](const Candidate& a, const Candidate& b) {
                             return a.score > b.score || (a.score == b.score && a.feature < b.feature);
                         });
        candidates.resize(limit);
    }
    std::vector<Index> features;
    for (const Candidate& c : candidates) features.push_back(c.feature);
    std::sort(features.begin(), features.end());
    return features;
}

}  // namespace riata
