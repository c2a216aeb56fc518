"""Tables, data frames, summaries, HTML and predictions of results."""

import copy
import pickle
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import riata


@pytest.fixture
def data(rng):
    X = rng.standard_normal((120, 10)) * np.geomspace(0.1, 10, 10)
    eta = X @ (np.r_[2.0, -1.5, 1.0, np.zeros(7)] / X.std(axis=0))
    return X, eta, eta + rng.standard_normal(120)


def test_table_has_the_best_of_every_l1_ratio(data):
    X, _, y = data
    result = riata.cv_path(X, y, l1_ratio=[0, 0.5, 1])
    table = result.table()
    for i, ratio in enumerate([0, 0.5, 1]):
        k = int(np.argmin(result.mean_score[i]))
        assert table["l1_ratio"][i] == ratio
        assert table["alpha"][i] == result.alphas[i, k]
        assert_allclose(table["score"][i], result.mean_score[i, k])
        assert_allclose(table["std_error"][i], result.std_error[i, k])
        assert table["features"][i] == result.paths[i].df[k]
    assert table["verdict"][int(np.argmin(table["score"]))] == "best"
    assert table["l1_ratio"][table.marked] == result.l1_ratio
    assert "l1_ratio" in str(table).splitlines()[0]
    assert f"alpha {result.alpha:.4g}" in str(table)


def test_ties_are_said_in_words(data):
    X, _, y = data
    result = riata.cv_path(X, y, l1_ratio=[0.99, 1.0])
    table = result.table()
    assert sorted(table["verdict"]) == ["best", "within one standard error of the best"]
    assert "do not tell them apart" in str(table)
    far = riata.cv_path(X, y, l1_ratio=[0.0, 1.0], alphas=[50.0, 0.05])
    far._loss = far._loss + np.array([100.0, 0.0])[:, None, None]
    assert "worse by" in far.table()["verdict"][0]
    assert "tell them apart" not in str(far.table())


def test_scores_that_rise_and_a_single_fold(data):
    X, _, y = data
    table = riata.cv_path(X, y, l1_ratio=[0.5, 1.0], scoring="r2").table()
    assert table["verdict"][int(np.argmax(table["score"]))] == "best"
    assert "more is better" in str(table)
    half = np.arange(60)
    one = riata.cv_path(X, y, l1_ratio=[0.2, 1.0], cv=[(half, half + 60)]).table()
    assert any("no standard error" in verdict for verdict in one["verdict"])
    assert " - " in str(one)


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_predictions_by_rule_and_by_penalty(data, rng, family):
    X, eta, y = data
    labels = np.where(y > 0, "yes", "no")
    target = {"gaussian": y, "binomial": labels, "poisson": rng.poisson(np.exp(eta / 3))}[family]
    result = riata.cv_path(X, target, family=family, l1_ratio=[0.5, 1.0])
    row = int(np.argmin(result.mean_score.min(axis=1)))
    for alpha, value in (
        (None, result.alpha),
        ("min", result.alpha_min),
        ("1se", result.alpha_1se),
        (float(result.alphas[row][20]), result.alphas[row][20]),
    ):
        linear = result.paths[row].predict(X, value)
        assert_allclose(result.decision_function(X, alpha), linear)
        if family == "binomial":
            assert_array_equal(result.predict(X, alpha), np.where(linear > 0, "yes", "no"))
            P = result.predict_proba(X, alpha)
            assert_allclose(P[:, 1], 1 / (1 + np.exp(-linear)))
            assert_allclose(P.sum(axis=1), 1)
        else:
            assert_allclose(result.predict(X, alpha), np.exp(linear) if "po" in family else linear)
    if family != "binomial":
        with pytest.raises(TypeError, match=f"{family} family has no probabilities"):
            result.predict_proba(X)
    with pytest.raises(ValueError, match="'min', 'half_se', '1se' or a number; got '2se'"):
        result.predict(X, "2se")


def test_cv_results_carry_what_the_model_is(data):
    pandas = pytest.importorskip("pandas")
    X, _, y = data
    frame = pandas.DataFrame(X, columns=list("abcdefghij"))
    result = riata.cv_path(frame, np.where(y > 0, "yes", "no"), family="binomial")
    assert (result.family, result.link, result.n_features_in_) == ("binomial", "logit", 10)
    assert result.classes_.tolist() == ["no", "yes"]
    assert result.feature_names_in_.tolist() == list("abcdefghij")
    assert result.summary()["feature"][0] == "a"


def test_path_as_a_data_frame(data):
    pytest.importorskip("pandas")
    X, _, y = data
    path = riata.path(X, y, alphas=20)
    frame = path.to_frame()
    assert frame.columns.tolist() == ["alpha", "gap", "df", "dev_ratio"]
    assert_array_equal(frame["alpha"], path.alphas)
    assert_array_equal(frame["df"], path.df)
    dense = path.coefs.toarray()
    wide = path.to_frame("wide")
    for j in np.flatnonzero(dense.any(axis=1)):
        assert_array_equal(wide[str(j)], dense[j])
    long = path.to_frame("long")
    assert len(long) == path.df.sum()
    assert long["coefficient"].sum() == pytest.approx(dense.sum())
    with pytest.raises(ValueError, match="'wide' or 'long'; got 'broad'"):
        path.to_frame("broad")


def test_data_frames_of_several_classes_and_tasks(data):
    pytest.importorskip("pandas")
    X, _, y = data
    labels = np.array(["a", "b", "c"])[np.digitize(y, [-1, 1])]
    path = riata.path(X, labels, family="multinomial", alphas=5)
    long = path.to_frame("long")
    assert set(long["output"]) <= {"a", "b", "c"}
    assert len(long) == path.df.sum()
    assert any(str(name).startswith("b: ") for name in path.to_frame("wide"))
    tasks = riata.path(X, np.c_[y, -y], family="multi-gaussian", alphas=5)
    assert set(tasks.to_frame("long")["output"]) == {0, 1}


def test_frames_say_that_they_need_pandas(data, monkeypatch):
    X, _, y = data
    path = riata.path(X, y, alphas=3)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="needs pandas"):
        path.to_frame()


def test_summary_of_an_estimator(data):
    X, _, y = data
    names = [f"f{j}" for j in range(10)]
    model = riata.LassoCV(select="1se").fit(X, y)
    table = model.summary(names, X=X)
    places = [names.index(name) for name in table["feature"]]
    assert sorted(places) == np.flatnonzero(model.coef_).tolist()
    assert_allclose(table["coefficient"], model.coef_[places])
    assert_allclose(table["standardised"], (model.coef_ * X.std(axis=0))[places])
    assert (np.diff(np.abs(table["standardised"])) <= 0).all()
    folds = model.cv_result_.fold_paths[0]
    chosen = np.mean([path.at(model.alpha_).coef != 0 for path in folds], axis=0)
    assert_allclose(table["folds"], chosen[places])
    assert f"intercept {model.intercept_:.4g}" in str(table)
    assert "folds" not in list(riata.Lasso(0.1).fit(X, y).summary())
    assert "standardised" not in list(model.summary())
    with pytest.raises(ValueError, match="names must have 10 entries, one per feature; got 2"):
        model.summary(["a", "b"])


def test_summary_of_classes_and_of_a_model_without_its_folds(data):
    X, _, y = data
    X = X / X.std(axis=0)
    labels = np.array(["a", "b", "c"])[np.digitize(y, [-1, 1])]
    model = riata.LogisticRegressionCV(
        Cs=[0.01, 0.1, 1.0],
        l1_ratios=(1.0, 0.5),
        scoring="neg_log_loss",
        use_legacy_attributes=False,
    ).fit(X, labels)
    table = model.summary()
    assert list(table)[1:4] == ["coefficient a", "coefficient b", "coefficient c"]
    k = [0.01, 0.1, 1.0].index(model.C_)
    row = [1.0, 0.5].index(model.l1_ratio_)
    used = (model.coefs_paths_[:, row, k, :, :-1] != 0).any(axis=1).mean(axis=0)
    places = [int(name) for name in table["feature"]]
    assert_allclose(table["folds"], used[places])
    again = pickle.loads(pickle.dumps(riata.LassoCV().fit(X, y)))
    assert "folds" not in list(again.summary())
    assert again.cv_result_._repr_html_()
    assert again.cv_result_.path._repr_html_()


@pytest.mark.parametrize("sparse", [False, True])
def test_standardised_coefficients_of_any_container(data, sparse):
    from scipy.sparse import csr_array

    X, _, y = data
    X = np.where(np.abs(X) > 0.3 * X.std(axis=0), X, 0)
    model = riata.Lasso(0.05).fit(X, y)
    table = model.summary(X=csr_array(X) if sparse else X.tolist())
    places = [int(name) for name in table["feature"]]
    assert_allclose(table["standardised"], (model.coef_ * X.std(axis=0))[places])


def test_spreads_are_those_of_the_fit(data):
    X, _, y = data
    counts = np.round(10 * X).astype(int)  # converted: a copy, measured at once
    path = riata.path(counts, y)
    assert path._spreads._problem is None
    assert_allclose(path._spreads.values(), counts.std(axis=0))
    borrowed = riata.path(X, y)
    assert borrowed._spreads._problem is not None
    assert_allclose(copy.deepcopy(borrowed)._spreads.values(), X.std(axis=0))


def test_notebooks_show_tables(data):
    X, _, y = data
    path = riata.path(X, y)
    assert "largest relative gap" in path._repr_html_()
    assert path._repr_html_().count("<table>") == 1
    assert path.certificate(3)._repr_html_().startswith("<table><caption>converged: ")
    assert path.costs()._repr_html_().count("<tr") == len(path) + 1
    result = riata.cv_path(X, y, l1_ratio=[0.5, 1.0])
    assert "within one standard error" in result._repr_html_()
    assert "&lt;b&gt;" in riata.Lasso(0.1).fit(X, y).summary(["<b>"] * 10)._repr_html_()
