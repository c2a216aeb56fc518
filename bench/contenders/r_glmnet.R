# One path of glmnet: Rscript r_glmnet.R X.npy y.npy n p l1_ratio thresh n_alphas folder
suppressMessages(library(glmnet))
args <- commandArgs(trailingOnly = TRUE)
n <- as.integer(args[3]); p <- as.integer(args[4]); r <- as.numeric(args[5])
thresh <- as.numeric(args[6]); k <- as.integer(args[7]); folder <- args[8]

# The doubles of a version 1 .npy file; its header's length stands in bytes 9 and 10.
read_npy <- function(file, count) {
  con <- file(file, "rb"); on.exit(close(con))
  head <- readBin(con, "raw", 10)
  readBin(con, "raw", as.integer(head[9]) + 256L * as.integer(head[10]))
  readBin(con, "double", count)
}
write_doubles <- function(x, name) {
  con <- file(file.path(folder, name), "wb"); on.exit(close(con))
  writeBin(as.double(x), con)
}

X <- matrix(read_npy(args[1], as.double(n) * p), n, p)
y <- read_npy(args[2], n)
alphas <- readBin(file.path(folder, "alphas"), "double", k)
glmnet.control(fdev = 0, devmax = 1)
solve <- function(X, y, alphas) {
  s <- 1
  if (r < 1) {  # glmnet scales y to unit variance: the L2 part needs the same rescaling
    s <- sqrt(mean((y - mean(y))^2))
    total <- r / s + 1 - r
    alphas <- alphas * total
    r <- r / s / total
  }
  type <- if (ncol(X) > 500) "naive" else "covariance"
  fit <- glmnet(X, y / s, alpha = r, lambda = alphas, standardize = FALSE, thresh = thresh, maxit = 1e8, type.gaussian = type)
  list(beta = fit$beta * s, a0 = fit$a0 * s)
}
set.seed(1)
warm <- solve(matrix(rnorm(300), 30, 10), rnorm(30), c(0.5, 0.1))
invisible(gc())
start <- Sys.time()
fit <- solve(X, y, alphas)
seconds <- as.numeric(difftime(Sys.time(), start, units = "secs"))
write_doubles(as.matrix(fit$beta), "coefs")
write_doubles(fit$a0, "intercepts")
cat(seconds, file = file.path(folder, "seconds"))
