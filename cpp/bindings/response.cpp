// Responses of smooth losses, checked.
#include <algorithm>
#include <cmath>

#include "bindings/arrays.hpp"
#include "path/path.hpp"

namespace riata::bindings {

Response response_of(const std::string& family, const std::vector<double>& y, const MaybeDoubles& offset) {
    Response response{family_of(family), y, vector_of(offset, y.size(), "offset")};
    if (response.family.is_quadratic() && response.offset)
        throw py::value_error("an offset of the squared loss is subtracted from y");
    for (std::size_t i = 0; i < y.size(); ++i) {
        if (!response.family.takes(y[i]))
            throw py::value_error("y[" + std::to_string(i) + "] is no response of the family " + family);
        if (response.offset && !std::isfinite(response.offset[i]))
            throw py::value_error("offset[" + std::to_string(i) + "] is not finite");
    }
    return response;
}

std::pair<std::vector<int>, int> labels_of(const std::vector<double>& y) {
    std::vector<int> labels;
    std::vector<char> seen;
    for (std::size_t i = 0; i < y.size(); ++i) {
        if (!(y[i] >= 0 && y[i] < 1e6 && y[i] == std::floor(y[i])))
            throw py::value_error("y[" + std::to_string(i) + "] is no class");
        labels.push_back(static_cast<int>(y[i]));
        if (static_cast<std::size_t>(labels.back()) >= seen.size()) seen.resize(labels.back() + 1, 0);
        seen[static_cast<std::size_t>(labels.back())] = 1;
    }
    if (seen.size() < 2 || std::find(seen.begin(), seen.end(), 0) != seen.end())
        throw py::value_error("y has to hold every class from 0 to the last, and two at least");
    return {labels, static_cast<int>(seen.size())};
}

}  // namespace riata::bindings
