"""A small neural network on concatenated embeddings ("Deep Learning for Collaborative Filtering", chapter 8)."""

import torch
from torch import Tensor, nn

from models.base import CollabModel, embedding, linear, sigmoid_range


class CollabNN(CollabModel):
    """``range(w2 . relu(W1 [p_u; q_i] + b1) + b2)``: the network finds its own way to combine the factors."""

    def __init__(
        self,
        n_users: int,
        n_items: int,
        *,
        user_size: int,
        item_size: int,
        n_hidden: int,
        y_range: tuple[float, float],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.user_factors = embedding(n_users, user_size, generator)
        self.item_factors = embedding(n_items, item_size, generator)
        self.layers = nn.Sequential(
            linear(user_size + item_size, n_hidden, generator), nn.ReLU(), linear(n_hidden, 1, generator)
        )
        self.y_range = y_range

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        factors = torch.cat([self.user_factors(user), self.item_factors(item)], dim=1)  # [n, user_size + item_size]
        return sigmoid_range(self.layers(factors).squeeze(1), self.y_range)
