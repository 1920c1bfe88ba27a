"""The dot product with biases over hand-made parameters ("Creating Our Own Embedding Module", chapter 8)."""

import torch
from torch import Tensor, nn

from models.base import CollabModel, normal, sigmoid_range


class OwnEmbeddingDotProductBias(CollabModel):
    """``range(p_u . q_i + b_u + c_i)`` again, with plain parameters that are indexed instead of looked up."""

    def __init__(
        self, n_users: int, n_items: int, *, n_factors: int, y_range: tuple[float, float], generator: torch.Generator
    ) -> None:
        super().__init__()
        self.user_factors = nn.Parameter(normal(n_users + 1, n_factors, generator=generator))
        self.item_factors = nn.Parameter(normal(n_items + 1, n_factors, generator=generator))
        self.user_bias = nn.Parameter(normal(n_users + 1, generator=generator))
        self.item_bias = nn.Parameter(normal(n_items + 1, generator=generator))
        self.y_range = y_range

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        dot = (self.user_factors[user] * self.item_factors[item]).sum(dim=1)
        return sigmoid_range(dot + self.user_bias[user] + self.item_bias[item], self.y_range)
