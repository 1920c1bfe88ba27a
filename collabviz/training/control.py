"""The two things one can do to a training while it runs: stop it, and slow it down."""

import threading


class Control:
    """Shared between a training and whoever watches it; safe across threads."""

    def __init__(self, seconds_per_epoch: float = 0.0) -> None:
        self._changed = threading.Condition()
        self._seconds_per_epoch = seconds_per_epoch
        self._stopped = False

    @property
    def seconds_per_epoch(self) -> float:
        """The classroom pace: an epoch takes at least this long. 0 is full speed."""
        return self._seconds_per_epoch

    @seconds_per_epoch.setter
    def seconds_per_epoch(self, seconds: float) -> None:
        with self._changed:
            self._seconds_per_epoch = seconds
            self._changed.notify_all()

    @property
    def stopped(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        """Ask the training to end before its next step."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond a stop or a change of pace."""
        with self._changed:
            if seconds > 0 and not self._stopped:
                self._changed.wait(seconds)
