// The extension module: a table of contents.
#include "bindings/arrays.hpp"
#include "kernels/kernels.hpp"

namespace {

pybind11::dict config() {
    pybind11::dict d;
    std::vector<std::string> isas;
    for (const char* const* isa = riata::kernels::compiled(); *isa; ++isa) isas.emplace_back(*isa);
#ifdef RIATA_VERSION
    d["version"] = RIATA_VERSION;
#endif
    d["compiler"] = __VERSION__;
#ifdef RIATA_BUILD_TYPE
    d["build_type"] = RIATA_BUILD_TYPE;
#endif
    d["isas"] = isas;
    d["isa"] = riata::kernels::active().isa;
    return d;
}

}  // namespace

PYBIND11_MODULE(_core, m) {
    m.doc() = "riata's C++ core";
    m.def("config", &config);
    riata::bindings::bind_path(m);
    riata::bindings::bind_folds(m);
    riata::bindings::bind_primitives(m);
    riata::bindings::bind_products(m);
    riata::bindings::bind_ridge(m);
    riata::bindings::bind_sparse(m);
#ifdef RIATA_KERNEL_PROBE
    riata::bindings::bind_kernel_probe(m);
#endif
}
