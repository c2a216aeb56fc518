# What the scripts for R share: arguments of the form key=value, and arrays in and out of files.
given <- do.call(rbind, regmatches(commandArgs(trailingOnly = TRUE), regexpr("=", commandArgs(trailingOnly = TRUE)), invert = TRUE))
given <- setNames(given[, 2], given[, 1])
n <- as.integer(given["n"]); p <- as.integer(given["p"]); r <- as.numeric(given["l1_ratio"])
thresh <- as.numeric(given["thresh"]); k <- as.integer(given["k"]); folder <- given["folder"]; family <- given["family"]

# The contents of a version 1 .npy file; its header's length stands in bytes 9 and 10.
read_npy <- function(file, count, what = "double") {
  con <- file(file, "rb"); on.exit(close(con))
  head <- readBin(con, "raw", 10)
  readBin(con, "raw", as.integer(head[9]) + 256L * as.integer(head[10]))
  readBin(con, what, count)
}
read_matrix <- function(stem) {
  if (endsWith(stem, ".npy")) return(matrix(read_npy(stem, as.double(n) * p), n, p))
  starts <- read_npy(paste0(stem, ".indptr.npy"), p + 1, "integer")
  count <- starts[p + 1]
  rows <- read_npy(paste0(stem, ".indices.npy"), count, "integer")
  new("dgCMatrix", i = rows, p = starts, x = read_npy(paste0(stem, ".data.npy"), count), Dim = c(n, p))
}
write_vector <- function(x, name) {
  con <- file(file.path(folder, name), "wb"); on.exit(close(con))
  writeBin(x, con)
}
