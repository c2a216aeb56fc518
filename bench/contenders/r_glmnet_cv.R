# Cross-validation by glmnet: Rscript r_glmnet_cv.R X=... y=... n= p= k= l1_ratio= thresh= family= folder= folds=
suppressMessages(library(glmnet))
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "r_data.R"))

X <- read_matrix(given["X"])
y <- read_npy(given["y"], n)
alphas <- readBin(file.path(folder, "alphas"), "double", k)
folds <- as.integer(given["folds"])
foldid <- sort(rep_len(seq_len(folds), n))  # consecutive rows, like the others
glmnet.control(fdev = 0, devmax = 1)
start <- proc.time()
fit <- cv.glmnet(X, y, lambda = alphas, foldid = foldid, family = family, alpha = r, standardize = FALSE, thresh = thresh,
                 maxit = 1e8, type.gaussian = if (p > 500) "naive" else "covariance")
took <- proc.time() - start
best <- which.min(fit$cvm)
write_vector(as.double(fit$glmnet.fit$beta[, best]), "coef")
write_vector(c(fit$lambda[best], fit$glmnet.fit$a0[best]), "chosen")
write_vector(as.double(fit$cvm), "scores")
cat(took["elapsed"], took["user.self"] + took["sys.self"], file = file.path(folder, "seconds"))
