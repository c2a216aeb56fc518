# One path of glmnet: Rscript r_glmnet.R X=... y=... n= p= k= l1_ratio= thresh= family= folder=
# X is a .npy file, or the stem of the three .npy files of a CSC matrix.
suppressMessages(library(glmnet))
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "r_data.R"))

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
