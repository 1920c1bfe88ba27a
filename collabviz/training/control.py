"""The two things one can do to a training while it runs: stop it, and slow it down."""

import threading


class Control:
    """Shared between a training and whoever watches it; safe across threads.

    Attributes:
        seconds_per_epoch: the classroom pace: an epoch takes at least this long. 0 is full speed.
    """

    def __init__(self, seconds_per_epoch: float = 0.0) -> None:
        self.seconds_per_epoch = seconds_per_epoch
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask the training to end before its next step."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond a stop."""
        if seconds > 0:
            self._stop.wait(seconds)
