"""What every model has in common: rows for the unknown, seeded initial weights, the sigmoid range."""

import torch
from torch import Tensor, nn


class CollabModel(nn.Module):
    """A model that predicts what a user would rate an item.

    Every table has one row more than there are users or items: the last is the *unknown* row, for those that
    were not in the training data.
    """

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        """Predicted ratings, float[n], for user codes int[n] and item codes int[n]."""
        raise NotImplementedError


def sigmoid_range(x: Tensor, y_range: tuple[float, float]) -> Tensor:
    """Squash logits into a range: ``low + (high - low) * sigmoid(x)`` (fast.ai book, chapter 8)."""
    low, high = y_range
    return low + (high - low) * torch.sigmoid(x)


def normal(*shape: int, generator: torch.Generator) -> Tensor:
    """Initial weights of an embedding, drawn from N(0, 0.01) as the chapter's ``create_params`` does."""
    return torch.empty(shape).normal_(0, 0.01, generator=generator)


def embedding(rows: int, columns: int, generator: torch.Generator) -> nn.Embedding:
    """An embedding of ``rows`` and one unknown row, initialised by ``normal``."""
    return nn.Embedding(rows + 1, columns, _weight=normal(rows + 1, columns, generator=generator))


def linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """A linear layer with torch's own initialisation, U(-1/sqrt(inputs), 1/sqrt(inputs)), from our generator."""
    layer = nn.Linear(inputs, outputs)
    bound = inputs**-0.5
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound, generator=generator)
        layer.bias.uniform_(-bound, bound, generator=generator)
    return layer
