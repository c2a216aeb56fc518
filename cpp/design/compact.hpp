// Sparse columns copied one after the other in the order in which a solver goes through them, ready weighted and scaled:
// S^.5 xh_f = z_f - rest_f root_s.
#pragma once

#include <cstddef>
#include <vector>

#include "parallel/huge_pages.hpp"

namespace riata {

struct CompactColumns {
    LargeVector value;
    std::vector<int, HugePages<int>> row;  ///< can be read 32 entries beyond its end
    std::vector<std::size_t> start{0};
    std::vector<double> rest, sum;  ///< sum_f = root_s' z_f

    std::size_t size() const { return rest.size(); }
    std::size_t entries() const { return start.back(); }
    std::size_t bytes() const { return value.capacity() * sizeof(double) + row.capacity() * sizeof(int); }
};

}  // namespace riata
