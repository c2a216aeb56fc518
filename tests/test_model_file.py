"""The model file: what is written, how, and what damaged, hostile and old files get."""

import errno
import json
import os
import resource
import stat
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from riata import Scorer, _model_file, _score

DATA = Path(__file__).parent / "data"
HEADER = _model_file.HEADER
SECTION = _model_file.SECTION


def model(p=300, used=100, **options):
    rng = np.random.default_rng(7)
    coef = np.zeros(p)
    coef[rng.choice(p, used, replace=False)] = rng.standard_normal(used)
    return Scorer.from_coefficients(coef, 0.5, **options)


@pytest.fixture(scope="module")
def four_kib():
    """A file of 4 KiB with all that a model can have."""
    names = [f"f{j}" for j in range(300)]
    bare = model(feature_names=names, names="used", user="").nbytes
    file = model(feature_names=names, names="used", user="x" * (4096 - bare)).to_bytes()
    assert len(file) in range(4096 - 64, 4097 + 64)
    return file


def refused_or_harmless(file, row, wanted):
    """Whether a damaged file is refused; if it opens it must score as it did."""
    try:
        opened = Scorer.from_bytes(file)
    except ValueError:
        return True
    assert opened.score_one(row) == wanted
    return False


# ---------------------------------------------------------------- damage


def test_every_truncation_and_extension_is_refused(four_kib):
    for n in range(len(four_kib)):
        with pytest.raises(ValueError):
            Scorer.from_bytes(four_kib[:n])
    for more in (b"\0", b"x" * 64, four_kib):
        with pytest.raises(ValueError, match="longer than it was written"):
            Scorer.from_bytes(four_kib + more)


def test_every_single_bit_flip_is_refused(four_kib):
    row = np.ones(300)
    wanted = Scorer.from_bytes(four_kib).score_one(row)
    file = bytearray(four_kib)
    harmless = 0
    for bit in range(8 * len(file)):
        file[bit // 8] ^= 1 << bit % 8
        harmless += not refused_or_harmless(bytes(file), row, wanted)
        file[bit // 8] ^= 1 << bit % 8
    assert harmless == 0


def repaired(file):
    """The file with sums that agree, so that what is checked is the contents."""
    file = bytearray(file)
    fields = list(HEADER.unpack_from(file))
    fields[3] = len(file)
    if fields[2] > 64 or HEADER.size + SECTION.size * fields[2] > len(file):
        return bytes(file)
    for i in range(fields[2]):
        kind, _, offset, size = SECTION.unpack_from(file, HEADER.size + SECTION.size * i)
        if offset + size <= len(file):
            crc = _score.crc32c(bytes(file[offset : offset + size]))
            SECTION.pack_into(file, HEADER.size + SECTION.size * i, kind, crc, offset, size)
    HEADER.pack_into(file, 0, *fields[:-1], 0)
    fields[-1] = _score.crc32c(bytes(file[: HEADER.size + SECTION.size * fields[2]]))
    HEADER.pack_into(file, 0, *fields)
    return bytes(file)


def mutations(rng, file, count):
    """Files with one to three numbers of 1 to 8 bytes replaced, half of them in the header and the section table."""
    values = np.array(
        [0, 1, 64, 255, 2**16, 2**31, 2**32, 2**63 - 1, len(file), 0], dtype=np.uint64
    )
    values = values[rng.integers(0, 10, (count, 3))] ^ (
        rng.random((count, 3)) < 0.2
    ) * rng.integers(0, 2**62, (count, 3), dtype=np.uint64)
    widths = 2 ** rng.integers(0, 4, (count, 3))
    places = np.where(
        rng.random((count, 3)) < 0.5,
        rng.integers(0, 320, (count, 3)),
        rng.integers(0, len(file) - 8, (count, 3)),
    )
    changes = rng.integers(1, 4, count).tolist()
    for n, row in zip(changes, zip(places.tolist(), widths.tolist(), values.tolist())):
        out = bytearray(file)
        for at, width, value in list(zip(*row))[:n]:
            at -= at % width
            out[at : at + width] = (value & (1 << 8 * width) - 1).to_bytes(width, "little")
        yield bytes(out)


def test_a_hundred_thousand_structured_mutations(four_kib):
    rng = np.random.default_rng(11)
    rows = {300: np.ones(300)}
    opened = 0
    for k, file in enumerate(mutations(rng, four_kib, 100_000)):
        try:
            scorer = _score.open_bytes(repaired(file) if k % 2 else file)
        except ValueError:
            continue
        opened += 1
        if scorer.n_features < 10_000:
            row = rows.setdefault(scorer.n_features, np.ones(scorer.n_features))
            scorer.row(row, 2)
        scorer.feature_of("f17")
        scorer.metadata()
    assert opened > 0


def change(file, field, value):
    """The file with a header field changed and sums that agree."""
    fields = list(HEADER.unpack_from(file))
    fields[field] = value
    out = bytearray(file)
    HEADER.pack_into(out, 0, *fields)
    return repaired(bytes(out))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (1, 2, r"version 2 and this library reads up to 1: a newer riata is needed \(at byte 8\)"),
        (1, 0, "version 0"),
        (2, 65, r"65 sections, more than 64 \(at byte 12\)"),
        (4, 2**32, r"4294967296 features are more than 2\^32 - 1 \(at byte 24\)"),
        (4, 50, "100 columns of 50 features"),
        (5, 101, "weights for 101 columns|takes"),
        (6, 2**60, "1152921504606846976 weights for 100 columns"),
        (7, 0, "0 outputs"),
        (7, 2**24 + 1, "outputs are not between"),
        (7, 2, "the intercepts' section takes 8 bytes where 16 are due"),
        (8, 9, "link 9 is unknown"),
        (9, 7, "weight type 7 is unknown"),
        (9, 1, "the weights' section takes 800 bytes where 400 are due"),
        (10, 1, "reserved bytes"),
    ],
)
def test_header_fields_are_checked(four_kib, field, value, message):
    with pytest.raises(ValueError, match=message):
        Scorer.from_bytes(change(four_kib, field, value))


def sections_of(file):
    count = HEADER.unpack_from(file)[2]
    table = [SECTION.unpack_from(file, HEADER.size + SECTION.size * i) for i in range(count)]
    return {kind: (offset, size) for kind, _, offset, size in table}


@pytest.mark.parametrize(
    ("kind", "at", "form", "value", "message"),
    [
        (_model_file.COLUMNS, 8, "<I", 0, "column 2 is feature 0: not ascending"),
        (_model_file.COLUMNS, 396, "<I", 300, "column 99 is feature 300"),
        (_model_file.WEIGHTS, 80, "<d", float("nan"), "weight 10 is not finite"),
        (_model_file.INTERCEPTS, 0, "<d", float("inf"), "intercept 0 is not finite"),
        (_model_file.NAME_SLOTS, 0, "<I", 4_000_000_000, "is not found under its number|^$"),
        (_model_file.NAME_ENDS, 0, "<Q", 2**63, "is not found under its number"),
        (_model_file.METADATA, 0, "<B", ord("["), "metadata is no JSON"),
    ],
)
def test_contents_are_checked(four_kib, kind, at, form, value, message):
    offset, _ = sections_of(four_kib)[kind]
    file = bytearray(four_kib)
    if kind == _model_file.NAME_SLOTS:  # a slot that is taken
        at = next(i for i in range(0, 4096, 4) if struct.unpack_from("<I", file, offset + i)[0])
    struct.pack_into(form, file, offset + at, value)
    with pytest.raises(ValueError, match=message):
        Scorer.from_bytes(repaired(bytes(file)))


def test_metadata_is_never_more_than_data():
    deep = b"[" * 200_000 + b"]" * 200_000
    for metadata in (b"[1]", b"nonsense", b"\xff", deep):
        with pytest.raises(ValueError, match="metadata is no JSON"):
            Scorer.from_bytes(with_metadata(metadata))
    assert Scorer.from_bytes(with_metadata(b'{"__import__":"os"}')).metadata == {"__import__": "os"}


def with_metadata(metadata):
    from riata._linear_model import LinearModel

    plain = LinearModel(np.ones((1, 3)), np.zeros(1), "identity")
    columns = np.arange(3, dtype="<u4")
    sections = _model_file._model_sections(plain, columns, "float64")
    sections[0] = (_model_file.METADATA, metadata)
    return _model_file._assemble(plain, columns, "float64", sections)


def test_unknown_optional_sections_are_skipped_and_others_refused():
    from riata._linear_model import LinearModel

    plain = LinearModel(np.ones((1, 3)), np.zeros(1), "identity")
    columns = np.arange(3, dtype="<u4")
    sections = _model_file._model_sections(plain, columns, "float64")
    for kind, fine in ((0x80000001, True), (11, False), (_model_file.WEIGHTS, False)):
        file = _model_file._assemble(plain, columns, "float64", [*sections, (kind, b"future" * 4)])
        if fine:
            assert Scorer.from_bytes(file).score_one(np.ones(3)) == 3
            with pytest.raises(ValueError, match="check sum"):
                Scorer.from_bytes(file.replace(b"future", b"furute"))
        else:
            with pytest.raises(ValueError, match="unknown or there twice"):
                Scorer.from_bytes(file)


def test_golden_rows_are_compared_bit_by_bit(four_kib):
    Scorer.from_bytes(four_kib).verify()
    offset, _ = sections_of(four_kib)[_model_file.WEIGHTS]
    file = bytearray(four_kib)
    file[offset + 5] ^= 1  # one weight, in its fourth digit
    changed = Scorer.from_bytes(repaired(bytes(file)))
    with pytest.raises(ValueError, match="golden row 0 does not get the score"):
        changed.verify()


def test_golden_rows_of_ones_own(rng):
    from sklearn.linear_model import Ridge

    X = rng.standard_normal((20, 4))
    fitted = Ridge().fit(X, X[:, 0])
    scorer = Scorer.from_estimator(fitted, golden=X[:5])
    scorer.verify()
    with pytest.raises(ValueError, match="golden must be finite"):
        Scorer.from_estimator(fitted, golden=np.full((1, 4), np.nan))
    with pytest.raises(ValueError, match="golden must be of shape"):
        Scorer.from_estimator(fitted, golden=np.ones((1, 3)))


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*.riata")))
def test_old_files_load_forever(name):
    """Files written by earlier versions, with what they scored then."""
    expected = json.loads((DATA / "scores.json").read_text())[name]
    scorer = Scorer.load(DATA / name)
    scorer.verify()
    row = np.sin(np.arange(scorer.n_features_in_) + 1.0)
    got = np.atleast_1d(scorer.score_one(row, link=False))
    assert [value.hex() for value in got.tolist()] == expected["linear"]
    np.testing.assert_allclose(np.atleast_1d(scorer.score_one(row)), expected["score"], rtol=1e-12)
    assert scorer.columns == expected["columns"]


@pytest.mark.parametrize("mmap", [True, False])
def test_save_and_load(tmp_path, mmap):
    path = tmp_path / "model.riata"
    scorer = model(feature_names=[f"f{j}" for j in range(300)], user={"trained": "today"})
    scorer.save(path)
    again = Scorer.load(path, mmap=mmap)
    assert again.to_bytes() == scorer.to_bytes()
    assert again.metadata["user"] == {"trained": "today"}
    assert [file.name for file in tmp_path.iterdir()] == ["model.riata"]
    model(p=5, used=2).save(path)  # the mapped one lives on
    again.verify()
    assert Scorer.load(str(path)).n_features_in_ == 5


def test_a_saved_file_obeys_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        model().save(tmp_path / "m.riata")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "m.riata").stat().st_mode) == 0o640


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.riata"):
        Scorer.load(tmp_path / "none.riata")
    with pytest.raises(OSError, match="no regular file"):
        Scorer.load(tmp_path)
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(ValueError, match="the file is empty"):
        Scorer.load(tmp_path / "empty")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        Scorer.load(tmp_path / "pipe")
    import pickle

    (tmp_path / "pickle").write_bytes(pickle.dumps({"a": 1}) + bytes(100))
    with pytest.raises(ValueError, match="no riata model file"):
        Scorer.load(tmp_path / "pickle")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_save_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "model.riata"
    model(p=5, used=2).save(path)
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os if step == "fsync" else Path, step, full)
    with pytest.raises(OSError, match="No space left"):
        model().save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.riata"]


def test_disk_full_leaves_the_old_file(tmp_path):
    """A real limit on file size, in a process of its own."""
    path = tmp_path / "model.riata"
    model(p=5, used=2).save(path)
    before = path.read_bytes()
    code = (
        "import resource, signal, sys, numpy, riata; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "s = riata.Scorer.from_coefficients(numpy.ones(5000)); resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192));"
        "s.save(sys.argv[1])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert done.returncode != 0
    assert "File too large" in done.stderr
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.riata"]


def test_small_models_are_small():
    rng = np.random.default_rng(0)
    coef = np.zeros(10_000)
    coef[rng.choice(10_000, 83, replace=False)] = rng.standard_normal(83)
    from types import SimpleNamespace

    certificate = SimpleNamespace(
        primal=1 / 3, gap=1e-9 / 3, rel_gap=1e-9 / 7, kkt_max=1e-5 / 3, tol=1e-6, status="converged"
    )
    fitted = SimpleNamespace(coef_=coef, intercept_=0.5, certificate_=certificate)
    scorer = Scorer.from_estimator(fitted)
    scorer.verify()
    assert scorer.nbytes <= 2000


def test_opening_takes_memory_for_what_the_file_holds_not_for_what_it_claims():
    file = change(model().to_bytes(), 4, 2**32 - 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    scorer = Scorer.from_bytes(file)
    assert scorer.n_features_in_ == 2**32 - 1
    scorer.verify()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8192  # KiB on Linux


def test_large_name_tables_are_checked_on_request(tmp_path):
    names = [f"a feature's name, rather long: {j}" for j in range(30_000)]
    path = tmp_path / "m.riata"
    model(p=30_000, feature_names=names).save(path)
    sound = path.read_bytes()
    offset, size = sections_of(sound)[_model_file.NAME_BYTES]
    path.write_bytes(sound[: offset + size // 2] + b"\xff" + sound[offset + size // 2 + 1 :])
    scorer = Scorer.load(path)
    assert scorer.feature_of(names[7]) == 7
    with pytest.raises(ValueError, match="check sum"):
        scorer.verify()
    with pytest.raises(ValueError, match="check sum"):
        Scorer.load(path, mmap=False)
