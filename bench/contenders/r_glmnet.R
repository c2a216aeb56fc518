# One path of glmnet: Rscript r_glmnet.R X=... y=... n= p= k= l1_ratio= thresh= family= folder=
# X is a .npy file, or the stem of the three .npy files of a CSC matrix.
suppressMessages(library(glmnet))
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

X <- read_matrix(given["X"])
y <- read_npy(given["y"], n)
alphas <- readBin(file.path(folder, "alphas"), "double", k)
glmnet.control(fdev = 0, devmax = 1)
solve <- function(X, y, alphas) {
  s <- 1
  if (r < 1 && family == "gaussian") {  # glmnet scales y to unit variance: the L2 part needs the same rescaling
    s <- sqrt(mean((y - mean(y))^2))
    total <- r / s + 1 - r
    alphas <- alphas * total
    r <- r / s / total
  }
  type <- if (ncol(X) > 500) "naive" else "covariance"
  fit <- glmnet(X, y / s, family = family, alpha = r, lambda = alphas, standardize = FALSE, thresh = thresh, maxit = 1e8,
                type.gaussian = type)
  if (family == "multinomial") {  # one matrix per class: class by class for each lambda in turn
    beta <- do.call(cbind, fit$beta)
    order <- as.vector(t(matrix(seq_len(ncol(beta)), ncol = length(fit$beta))))
    return(list(beta = beta[, order], a0 = as.vector(fit$a0)))
  }
  list(beta = fit$beta * s, a0 = fit$a0 * s)
}
set.seed(1)
warm <- matrix(rnorm(300), 30, 10)
if (is(X, "sparseMatrix")) warm <- as(warm, "CsparseMatrix")
warm <- solve(warm, as.double(rank(rnorm(30)) %% (if (family == "multinomial") 3 else 2)), c(0.2, 0.1))
invisible(gc())
start <- proc.time()
fit <- solve(X, y, alphas)
took <- proc.time() - start
beta <- as(fit$beta, "CsparseMatrix")
write_vector(as.double(beta@x), "coefs.data")
write_vector(beta@i, "coefs.indices")
write_vector(beta@p, "coefs.indptr")
write_vector(as.double(fit$a0), "intercepts")
cat(took["elapsed"], took["user.self"] + took["sys.self"], file = file.path(folder, "seconds"))
