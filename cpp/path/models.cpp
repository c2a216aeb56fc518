#include "path/models.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "path/multitask.hpp"

namespace riata {

namespace {

using Columns = std::vector<std::vector<double>>;

void refuse(bool wrong, const std::string& why) {
    if (wrong) throw std::invalid_argument(why);
}

/// Responses of squares, each a problem of its own.
class SquaresApart final : public Model {
public:
    explicit SquaresApart(Columns y) : y_(std::move(y)) {}
    std::size_t outputs() const override { return y_.size(); }

    std::vector<Path> paths(Design& design, const Request& request, const PathOptions& options, Team& team,
                            Control& control) const override {
        std::vector<Path> paths;
        each(design, request, team, [&](const Problem& one) { paths.push_back(solve_path(one, options, control)); });
        return paths;
    }
    std::vector<double> alpha_max(Design& design, const Request& request, Team& team, Control& control) const override {
        std::vector<double> out;
        each(design, request, team, [&](const Problem& one) { out.push_back(riata::alpha_max(one, control)); });
        return out;
    }
    Judgement certify(Design& design, const Request& request, const Coefficients& given, double alpha, Team& team,
                      Control&) const override {
        refuse(y_.size() != 1, "y has to be one response");
        return riata::certify(Problem(design, y_[0].data(), request, team), given, alpha);
    }

private:
    template <class F>
    void each(Design& design, const Request& request, Team& team, const F& f) const {
        Problem problem(design, y_[0].data(), request, team);
        for (std::size_t t = 0; t < y_.size(); ++t) {
            if (t > 0) problem.set_response(y_[t].data(), team);
            f(problem);
        }
    }

    Columns y_;
};

/// A smooth loss of one margin.
class OneMargin final : public Model {
public:
    explicit OneMargin(Response response) : response_(std::move(response)) {}
    std::size_t outputs() const override { return 1; }

    std::vector<Path> paths(Design& design, const Request& request, const PathOptions& options, Team& team,
                            Control& control) const override {
        Problem problem(design, request, team);
        return {solve_path(problem, response_, options, control)};
    }
    std::vector<double> alpha_max(Design& design, const Request& request, Team& team, Control& control) const override {
        Problem problem(design, request, team);
        return {riata::alpha_max(problem, response_, control)};
    }
    Judgement certify(Design& design, const Request& request, const Coefficients& given, double alpha, Team& team,
                      Control& control) const override {
        Problem problem(design, request, team);
        return riata::certify(problem, response_, given, alpha, control);
    }

private:
    Response response_;
};

/// Responses of squares whose rows of coefficients are penalised by their lengths.
class SquaresTogether final : public Model {
public:
    explicit SquaresTogether(Columns y) : y_(std::move(y)) {}
    std::size_t outputs() const override { return y_.size(); }

    std::vector<Path> paths(Design& design, const Request& request, const PathOptions& options, Team& team,
                            Control& control) const override {
        Problem problem(design, request, team);
        return solve_multitask_path(problem, y_, options, control);
    }
    std::vector<double> alpha_max(Design& design, const Request& request, Team& team, Control& control) const override {
        Problem problem(design, request, team);
        return {riata::alpha_max(problem, Responses(problem, y_), control)};
    }
    Judgement certify(Design& design, const Request& request, const Coefficients& given, double alpha, Team& team,
                      Control&) const override {
        Problem problem(design, request, team);
        return riata::certify(problem, Responses(problem, y_), given, alpha);
    }

private:
    Columns y_;
};

/// The softmax loss, with a penalty on every coefficient or on rows of them.
class Classes final : public Model {
public:
    Classes(Labels labels, bool rows) : labels_(std::move(labels)), rows_(rows) {}
    std::size_t outputs() const override { return static_cast<std::size_t>(labels_.classes); }

    std::vector<Path> paths(Design& design, const Request& request, const PathOptions& options, Team& team,
                            Control& control) const override {
        Problem problem(design, request, team);
        const auto solve = rows_ ? solve_grouped_path : solve_multinomial_path;
        return solve(problem, labels_.of_rows, labels_.classes, options, control);
    }
    std::vector<double> alpha_max(Design& design, const Request& request, Team& team, Control& control) const override {
        PathOptions first;
        first.n_alphas = 1;
        return {paths(design, request, first, team, control)[0].alpha_max};
    }
    Judgement certify(Design& design, const Request& request, const Coefficients& given, double alpha, Team& team,
                      Control&) const override {
        Problem problem(design, request, team);
        return riata::certify(problem, labels_, rows_, given, alpha);
    }

private:
    Labels labels_;
    bool rows_;
};

Labels make_labels(const std::vector<double>& y) {
    Labels labels;
    std::vector<char> seen;
    for (std::size_t i = 0; i < y.size(); ++i) {
        refuse(!(y[i] >= 0 && y[i] < 1e6 && y[i] == std::floor(y[i])), "y[" + std::to_string(i) + "] is no class");
        labels.of_rows.push_back(static_cast<int>(y[i]));
        const auto k = static_cast<std::size_t>(labels.of_rows.back());
        if (k >= seen.size()) seen.resize(k + 1, 0);
        seen[k] = 1;
    }
    refuse(seen.size() < 2 || std::find(seen.begin(), seen.end(), 0) != seen.end(),
           "y has to hold every class from 0 to the last, and two at least");
    labels.classes = static_cast<int>(seen.size());
    return labels;
}

}  // namespace

Response make_response(const std::string& family, std::vector<double> y, const double* offset) {
    Response response{family_of(family), std::move(y), offset};
    refuse(response.family.is_quadratic() && offset, "an offset of the squared loss is subtracted from y");
    for (std::size_t i = 0; i < response.y.size(); ++i) {
        refuse(!response.family.takes(response.y[i]),
               "y[" + std::to_string(i) + "] is no response of the family " + family);
        refuse(offset && !std::isfinite(offset[i]), "offset[" + std::to_string(i) + "] is not finite");
    }
    return response;
}

std::unique_ptr<Model> make_model(const std::string& family, bool grouped, Columns y, const double* offset,
                                  bool bounded) {
    if (family == "multinomial") {
        refuse(offset, "offset is not supported by the multinomial family");
        refuse(grouped && bounded, "bounds are not supported with grouped");
        return std::make_unique<Classes>(make_labels(y[0]), grouped);
    }
    refuse(grouped, "grouped is for the multinomial family");
    if (family == "multi-gaussian") {
        refuse(bounded, "bounds are not supported by the multi-gaussian family");
        refuse(offset, "an offset of the squared loss is subtracted from y");
        return std::make_unique<SquaresTogether>(std::move(y));
    }
    Response response = make_response(family, y[0], offset);
    if (response.family.is_quadratic()) return std::make_unique<SquaresApart>(std::move(y));
    refuse(y.size() != 1, "y has to be one response");
    return std::make_unique<OneMargin>(std::move(response));
}

}  // namespace riata
