# Cross-validation by glmnet: Rscript r_glmnet_cv.R X=... y=... n= p= k= l1_ratio= thresh= family= folder= folds= [threads=]
# A file foldid in the folder holds the fold of each row.
suppressMessages(library(glmnet))
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "r_data.R"))

X <- read_matrix(given["X"])
y <- read_npy(given["y"], n)
alphas <- readBin(file.path(folder, "alphas"), "double", k)
folds <- as.integer(given["folds"])
foldid <- sort(rep_len(seq_len(folds), n))  # consecutive rows, like the others
if (file.exists(file.path(folder, "foldid"))) foldid <- readBin(file.path(folder, "foldid"), "integer", n)
threads <- if (is.na(given["threads"])) 1L else as.integer(given["threads"])
if (threads > 1) {  # what the packages doMC and doParallel do: processes that share X
  in_processes <- function(obj, expr, envir, data) {
    its <- iterators::iter(obj)
    args <- as.list(its)
    done <- parallel::mclapply(args, function(one) eval(expr, envir = one, enclos = envir), mc.cores = data,
                               mc.preschedule = FALSE)
    foreach::makeAccum(its)(done, seq_along(done))
    foreach::getResult(its)
  }
  foreach::setDoPar(in_processes, threads, function(data, item) if (item == "workers") data)
}
glmnet.control(fdev = 0, devmax = 1)
start <- proc.time()
fit <- cv.glmnet(X, y, lambda = alphas, foldid = foldid, family = family, alpha = r, standardize = FALSE, thresh = thresh,
                 maxit = 1e8, parallel = threads > 1, type.gaussian = if (p > 500) "naive" else "covariance")
took <- proc.time() - start
best <- which.min(fit$cvm)
write_vector(as.double(fit$glmnet.fit$beta[, best]), "coef")
write_vector(c(fit$lambda[best], fit$glmnet.fit$a0[best]), "chosen")
write_vector(as.double(fit$cvm), "scores")
cat(took["elapsed"], sum(took[-3], na.rm = TRUE), file = file.path(folder, "seconds"))
