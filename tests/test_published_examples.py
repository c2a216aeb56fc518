"""What scikit-learn's published logistic examples do, with its own data sets and riata's classes.

Those that download their data (mnist, 20newsgroups) run on the digits that scikit-learn ships.
"""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris, make_blobs
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import l1_min_c

import riata


def test_example_l1_penalty_and_sparsity():
    X, y = load_digits(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    y = (y > 4).astype(int)
    share = {}
    for C in (1, 0.1, 0.01):
        for l1_ratio in (1, 0.5, 0):
            clf = riata.LogisticRegression(C=C, l1_ratio=l1_ratio, tol=0.01, solver="saga")
            clf.fit(X, y)
            share[C, l1_ratio] = np.mean(clf.coef_.ravel() == 0)
            assert clf.score(X, y) > 0.85
    assert share[0.01, 1] > share[0.01, 0.5] > share[0.1, 1] > share[1, 1]


def test_example_regularisation_path_of_iris():
    X, y = load_iris(return_X_y=True)
    X, y = X[y != 2], y[y != 2]
    X = X / X.max()
    lowest = l1_min_c(X, y, loss="log")
    clf = riata.LogisticRegression(
        l1_ratio=1, tol=1e-6, max_iter=10**6, warm_start=True, intercept_scaling=10000.0
    )
    coefs = []
    for C in lowest * np.logspace(0, 7, 16):
        clf.set_params(C=C)
        clf.fit(X, y)
        coefs.append(clf.coef_.ravel().copy())
    assert (coefs[0] == 0).all()
    assert np.count_nonzero(coefs[-1]) >= 1


def test_example_decision_boundaries_of_three_classes():
    X, y = load_iris(return_X_y=True)
    model = riata.LogisticRegression(C=1e5).fit(X[:, :2], y)
    Z = model.predict(np.array([[4.5, 3.5], [6.0, 2.7], [7.5, 3.2]]))
    assert Z.tolist() == [0, 1, 2]


def test_example_multinomial_and_one_against_the_rest():
    X, y = make_blobs(n_samples=1000, centers=[[-5, 0], [0, 1.5], [5, -1]], random_state=40)
    X = X @ [[0.4, 0.2], [-0.4, 1.2]]
    softmax = riata.LogisticRegression(solver="sag", max_iter=100, random_state=42).fit(X, y)
    each = OneVsRestClassifier(riata.LogisticRegression(solver="sag", random_state=42)).fit(X, y)
    assert softmax.coef_.shape == (3, 2)
    assert [one.coef_.shape for one in each.estimators_] == [(1, 2)] * 3
    assert softmax.score(X, y) > 0.97
    assert each.score(X, y) > 0.9


def test_example_sparse_softmax_on_digits():
    X, y = load_digits(return_X_y=True)
    split = train_test_split(X, y, train_size=1000, test_size=500, random_state=0)
    X_train, X_test, y_train, y_test = split
    scaler = StandardScaler()
    X_train, X_test = scaler.fit_transform(X_train), scaler.transform(X_test)
    clf = riata.LogisticRegression(C=50.0 / 1000, l1_ratio=1, solver="saga", tol=0.1)
    clf.fit(X_train, y_train)
    assert np.mean(clf.coef_ == 0) > 0.3
    assert clf.score(X_test, y_test) > 0.9


@pytest.mark.parametrize("C", [0.1, 100])
def test_example_probabilities_of_iris(C):
    X, y = load_iris(return_X_y=True)
    clf = make_pipeline(StandardScaler(), riata.LogisticRegression(C=C)).fit(X[:, :2], y)
    assert clf.predict_proba(X[:, :2]).shape == (150, 3)
    assert clf.score(X[:, :2], y) > 0.75


def test_example_pipeline_of_components():
    X, y = load_digits(return_X_y=True)
    logistic = riata.LogisticRegression(max_iter=10000, tol=0.1)
    pipe = Pipeline([("scaler", StandardScaler()), ("pca", PCA()), ("logistic", logistic)])
    grid = {"pca__n_components": [5, 30], "logistic__C": np.logspace(-4, 4, 2)}
    search = GridSearchCV(pipe, grid, cv=3).fit(X[:600], y[:600])
    assert search.best_params_["pca__n_components"] == 30
    assert search.best_score_ > 0.8


def test_example_features_of_a_boltzmann_machine():
    X, y = load_digits(return_X_y=True)
    X = MinMaxScaler().fit_transform(X)[:500]
    rbm = BernoulliRBM(n_components=40, learning_rate=0.06, n_iter=5, random_state=0)
    logistic = riata.LogisticRegression(solver="newton-cg", tol=1, C=6000)
    model = Pipeline([("rbm", rbm), ("logistic", logistic)]).fit(X, y[:500])
    assert model.score(X, y[:500]) > 0.85
