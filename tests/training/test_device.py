import pytest
import torch

from collabviz.errors import CollabVizError
from collabviz.training.device import ALL_THREADS, SMALL_MODEL, resolve_device, use_threads


def without(monkeypatch: pytest.MonkeyPatch, *, cuda: bool = True, mps: bool = True) -> None:
    if cuda:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    if mps:
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_auto_takes_the_cpu_where_there_is_nothing_else_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch)
    device = resolve_device("auto")
    assert device.torch.type == "cpu"
    assert device.label.startswith("CPU")
    assert "finds neither a CUDA device nor Apple's GPU" in device.reason
    assert device.memory() is None


def test_auto_takes_apples_gpu_before_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, mps=False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    device = resolve_device("auto")
    assert device.torch.type == "mps"
    assert "no CUDA device" in device.reason


def test_the_cpu_is_taken_when_the_recipe_asks_for_it() -> None:
    device = resolve_device("cpu")
    assert device.torch.type == "cpu"
    assert device.reason == "the recipe asks for it"


@pytest.mark.parametrize(("wanted", "what"), [("cuda", "CUDA device"), ("mps", "Apple GPU")])
def test_a_device_that_is_not_there_gets_a_sentence(monkeypatch: pytest.MonkeyPatch, wanted: str, what: str) -> None:
    without(monkeypatch)
    with pytest.raises(CollabVizError, match=f"device is {wanted}, but torch .* finds no {what}. Use auto or cpu"):
        resolve_device(wanted)


def test_a_small_model_is_trained_on_one_thread_and_a_large_one_on_all() -> None:
    use_threads(SMALL_MODEL)
    assert torch.get_num_threads() == ALL_THREADS
    use_threads(SMALL_MODEL - 1)
    assert torch.get_num_threads() == 1


@pytest.mark.gpu
def test_auto_takes_cuda_and_tells_its_memory(gpu: None) -> None:
    device = resolve_device("auto")
    assert device.torch.type == "cuda"
    before = device.memory()
    assert before is not None
    held = torch.zeros(1 << 20, device=device.torch)
    after = device.memory()
    assert after is not None
    assert after - before >= held.nbytes
