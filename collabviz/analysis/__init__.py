"""What can be read out of ratings and runs: arrays and frames in, a small dataclass or a frame out."""
