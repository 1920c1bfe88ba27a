"""Which device to train on, and why."""

import platform
from dataclasses import dataclass

import torch

from collabviz.errors import CollabVizError

# Parameters below which more threads gain little (at most a fourth, by `python -m benchmarks.threads`), and lose much
# as soon as something else runs: they wait for each other at every step.
SMALL_MODEL = 1_000_000
# As many as torch takes by itself, which heeds OMP_NUM_THREADS.
ALL_THREADS = torch.get_num_threads()


@dataclass(frozen=True)
class Device:
    """A torch device with its name for people and the reason it was taken."""

    torch: torch.device
    label: str
    reason: str

    def memory(self) -> int | None:
        """Bytes our tensors take of the device's memory: at the highest on CUDA, now on MPS, None on the CPU."""
        match self.torch.type:
            case "cuda":
                return torch.cuda.max_memory_allocated(self.torch)
            case "mps":
                return torch.mps.current_allocated_memory()
            case _:
                return None


def resolve_device(wanted: str) -> Device:
    """The device for a recipe's ``device``: ``auto`` takes CUDA, else MPS, else the CPU.

    Raises:
        CollabVizError: when a device is asked for by name that this machine lacks.
    """
    if wanted == "auto":
        if torch.cuda.is_available():
            return _cuda("a CUDA device is there")
        if torch.backends.mps.is_available():
            return _mps("no CUDA device is there, but Apple's GPU is")
        return _cpu(f"torch {torch.__version__} finds neither a CUDA device nor Apple's GPU")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise CollabVizError(f"device is cuda, but torch {torch.__version__} finds no CUDA device. Use auto or cpu.")
    if wanted == "mps" and not torch.backends.mps.is_available():
        raise CollabVizError(f"device is mps, but torch {torch.__version__} finds no Apple GPU. Use auto or cpu.")
    return {"cuda": _cuda, "mps": _mps, "cpu": _cpu}[wanted]("the recipe asks for it")


def _cuda(reason: str) -> Device:
    device = torch.device("cuda", torch.cuda.current_device())
    torch.cuda.reset_peak_memory_stats(device)
    return Device(device, f"CUDA, {torch.cuda.get_device_name(device)}", reason)


def _mps(reason: str) -> Device:
    return Device(torch.device("mps"), "MPS, Apple GPU", reason)


def _cpu(reason: str) -> Device:
    return Device(torch.device("cpu"), f"CPU, {platform.machine()}", reason)


def use_threads(n_parameters: int) -> None:
    """Let the CPU work with as many threads as pay: one for a small model, all for a large one.

    Holds for the whole process, which is why trainings have one each.
    """
    torch.set_num_threads(1 if n_parameters < SMALL_MODEL else ALL_THREADS)


def release_memory() -> None:
    """Give back the device memory that torch keeps for the next tensors, so that others can have it."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
