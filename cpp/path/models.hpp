// A response with its loss, by the family's name: what can be done with it, whatever it is. The only place that tells the losses of
// several margins from one another and from those of one (model/families.hpp).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "path/certify.hpp"

namespace riata {

class Model {
public:
    virtual ~Model() = default;

    /// How many columns of coefficients there are.
    virtual std::size_t outputs() const = 0;
    /// A path for each; those that are penalised together carry joint certificates.
    virtual std::vector<Path> paths(Design& design, const Request& request, const PathOptions& options, Team& team,
                                    Control& control) const = 0;
    /// The smallest alpha at which all penalised coefficients rest; of several responses apart, one for each.
    virtual std::vector<double> alpha_max(Design& design, const Request& request, Team& team,
                                          Control& control) const = 0;
    /// The certificate of anybody's coefficients. Not of several responses apart.
    virtual Judgement certify(Design& design, const Request& request, const Coefficients& given, double alpha,
                              Team& team, Control& control) const = 0;
};

/// The columns of y are responses, the only one codes of classes 0, 1, ... for "multinomial", where with `grouped` a feature's
/// coefficients enter together. The offset, or null, is borrowed. Throws std::invalid_argument for what is no such response, and for
/// an offset or bounds where there can be none.
std::unique_ptr<Model> make_model(const std::string& family, bool grouped, std::vector<std::vector<double>> y,
                                  const double* offset, bool bounded);

/// The same of one response, checked, for losses of one margin.
Response make_response(const std::string& family, std::vector<double> y, const double* offset);

}  // namespace riata
