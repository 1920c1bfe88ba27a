"""Files that cannot be taken are refused in one sentence, archives are unpacked with care."""

import gzip
import io
import zipfile

import pytest

from collabviz.errors import CollabVizError
from collabviz.sources.upload import archive
from collabviz.sources.upload.archive import unpack

TABLE = b"user,movie,rating\nann,Heat,5\n"


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "f.csv is empty"),
        (gzip.compress(b""), "The table in f.csv is empty"),
        (b"\x89PNG\r\n\x1a\n123", "looks like a PNG picture, not like a table in text. Save the table as CSV"),
        (gzip.compress(b"%PDF-1.7"), "looks like a PDF document"),
        (b"\xd0\xcf\x11\xe0rest", "looks like an old Excel or Word file"),
        (b"PAR1rest", "looks like a Parquet file"),
        (zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "looks like a spreadsheet"),
        (b"Rar!rest", "is a RAR archive. Unpack it"),
        (zipped({"a.csv": TABLE, "b.csv": TABLE}), r"holds 2 tables \(a.csv, b.csv\). Unpack it and choose"),
        (zipped({"ratings1.csv": TABLE, "ratings2.csv": TABLE}), "holds 2 tables"),
        (zipped({"a.png": b"x", "b.png": b"x"}), "holds no table"),
        (zipped({}), "holds no table"),
        (zipped({"inner.zip": zipped({"a.csv": TABLE})}), "holds another archive"),
        (zipped({"a.csv": gzip.compress(TABLE)}), "holds another archive"),
        (gzip.compress(gzip.compress(TABLE)), "holds another archive"),
        (gzip.compress(b"\0" * 257 + b"ustar" + b"\0" * 100), "holds another archive"),
        (gzip.compress(TABLE)[:-6], "damaged or incomplete archive"),
        (zipped({"a.csv": TABLE})[:-30], "damaged or incomplete archive"),
        (zipped({"a.csv": TABLE * 9}).replace(b"a.csv", b"b.csv", 1), "damaged or incomplete archive"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(data, sentence):
    with pytest.raises(CollabVizError, match=sentence):
        unpack(data, "f.csv")


def test_a_zip_locked_with_a_password_is_named():
    data = bytearray(zipped({"a.csv": TABLE}))
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag of encryption in the directory
    with pytest.raises(CollabVizError, match="locked with a password"):
        unpack(bytes(data), "f.zip")


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped({"bomb.csv": data})])
def test_a_bomb_is_stopped_long_before_it_has_unpacked(pack, monkeypatch):
    bomb = pack(b"1,1,1\n" * 10_000_000)
    assert len(bomb) < 200_000
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 10**12)
    with pytest.raises(CollabVizError, match="more than 250 times its size"):
        unpack(bomb, "bomb.zip")


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped({"big.csv": data})])
def test_a_table_too_large_once_unpacked_is_refused(pack, monkeypatch):
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1_000_000)
    assert unpack(pack(b"1,1,1\n" * 160_000), "big.zip")
    with pytest.raises(CollabVizError, match="unpacks to more than 1 MB"):
        unpack(pack(b"1,1,1\n" * 170_000), "big.zip")


def test_a_file_of_two_gigabytes_is_refused_by_its_size_unread(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(2_000_000_000)  # sparse: takes no room, but would take memory if it were read
    with pytest.raises(CollabVizError, match=r"huge\.csv is 2,000 MB, and at most 200 MB"):
        unpack(path, "huge.csv")


def test_a_path_is_read_and_a_missing_one_named(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(TABLE)
    assert unpack(path, "mine.csv") == TABLE
    with pytest.raises(CollabVizError, match=r"nowhere.csv cannot be read: No such file"):
        unpack(tmp_path / "nowhere.csv", "nowhere.csv")
