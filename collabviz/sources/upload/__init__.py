"""People's own files of ratings: ``guess`` how one is written, let a person correct it, ``read`` it."""

from collabviz.sources.upload.archive import MAX_INPUT_BYTES
from collabviz.sources.upload.build import ONE_PERSON, Upload, read
from collabviz.sources.upload.columns import Columns
from collabviz.sources.upload.guess import Guess, guess
from collabviz.sources.upload.layout import DECIMALS, SEPARATORS, Layout
from collabviz.sources.upload.text import ENCODINGS

__all__ = [
    "DECIMALS",
    "ENCODINGS",
    "MAX_INPUT_BYTES",
    "ONE_PERSON",
    "SEPARATORS",
    "Columns",
    "Guess",
    "Layout",
    "Upload",
    "guess",
    "read",
]
