// Preconditioned conjugate gradients on one symmetric system A x = g. Ridge problems and lanes have steps of their own: theirs go
// several systems at a time, some of which rest or have coefficients that are held.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "kernels/kernels.hpp"

namespace riata {

struct Gradients {
    std::vector<double> x;       ///< the solution
    std::vector<double> g;       ///< what is left of the right-hand side
    double first = 0, left = 0;  ///< its square in the preconditioner's metric, at first and now
    long steps = 0;
};

/// From x = 0 until `enough` says so of what it came to, or there is no curvature along the way.
///     precondition(g, z)   z := about A^-1 g; z has g's size
///     multiply(p, image)   image := A p
///     taken(length)        x has moved by that multiple of the p multiplied last
template <class Multiply, class Precondition, class Enough, class Taken>
Gradients conjugate_gradients(std::vector<double> g, const Multiply& multiply, const Precondition& precondition,
                              const Enough& enough, const Taken& taken) {
    const kernels::Kernels& leaf = kernels::active();
    const std::size_t size = g.size();
    Gradients at{std::vector<double>(size, 0.0), std::move(g)};
    std::vector<double> z(size), image(size);
    precondition(at.g, z);
    std::vector<double> p = z;
    at.first = at.left = leaf.dot(at.g.data(), z.data(), size);
    while (!enough(at)) {
        multiply(p, image);
        const double bend = leaf.dot(p.data(), image.data(), size);
        if (!(bend > 0)) return at;
        const double length = at.left / bend;
        leaf.axpy(length, p.data(), at.x.data(), size);
        leaf.axpy(-length, image.data(), at.g.data(), size);
        taken(length);
        precondition(at.g, z);
        const double next = leaf.dot(at.g.data(), z.data(), size);
        for (std::size_t i = 0; i < size; ++i) p[i] = z[i] + next / at.left * p[i];
        at.left = next;
        ++at.steps;
    }
    return at;
}

template <class Multiply, class Precondition, class Enough>
Gradients conjugate_gradients(std::vector<double> g, const Multiply& multiply, const Precondition& precondition,
                              const Enough& enough) {
    return conjugate_gradients(std::move(g), multiply, precondition, enough, [](double) {});
}

}  // namespace riata
