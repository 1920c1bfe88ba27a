"""Seconds to guess and read a million ratings from a CSV file: ``python -m benchmarks.upload [ROWS]``."""

import sys
import time

import numpy as np

from collabviz.sources.upload import guess, read


def made_up_file(rows: int) -> bytes:
    """A CSV of distinct (user, item) pairs with quoted titles, half stars and Unix times."""
    rng = np.random.default_rng(0)
    pairs = rng.choice(20_000 * 5_000, size=rows, replace=False)
    stars, times = rng.integers(1, 11, rows) / 2, rng.integers(10**9, 1_700_000_000, rows)
    lines = (
        f'{pair // 5_000},{pair % 5_000},{star},{at},"Film, the {pair % 5_000}th (1999)"'
        for pair, star, at in zip(pairs.tolist(), stars.tolist(), times.tolist(), strict=True)
    )
    return ("userId,movieId,rating,timestamp,title\n" + "\n".join(lines) + "\n").encode()


def main(rows: int = 1_000_000) -> None:
    """Time both steps, over a clean file and over one where each hundredth line is broken."""
    clean = made_up_file(rows)
    lines = clean.splitlines()
    lines[1::100] = [line.replace(b'"', b"", 1) for line in lines[1::100]]
    for name, data in (("clean", clean), ("one line in 100 broken", b"\n".join(lines))):
        start = time.perf_counter()
        seen = guess(data, "ratings.csv")
        guessed = time.perf_counter()
        upload = read(data, "ratings.csv", seen.layout, seen.columns)
        end = time.perf_counter()
        print(
            f"{name}: {len(data) / 1e6:.0f} MB, {upload.n_read:,} rows, {upload.n_used:,} used: "
            f"guess {guessed - start:.2f} s, read {end - guessed:.2f} s"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
