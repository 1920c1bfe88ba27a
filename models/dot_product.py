"""The dot-product family of the fast.ai book, chapter 8, "Collaborative Filtering from Scratch"."""

import torch
from torch import Tensor

from models.base import CollabModel, embedding, sigmoid_range


class DotProduct(CollabModel):
    """``p_u . q_i``: the dot product of the user's factors and the item's."""

    def __init__(self, n_users: int, n_items: int, *, n_factors: int, generator: torch.Generator) -> None:
        super().__init__()
        self.user_factors = embedding(n_users, n_factors, generator)  # [n_users + 1, n_factors]
        self.item_factors = embedding(n_items, n_factors, generator)  # [n_items + 1, n_factors]

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        products: Tensor = self.user_factors(user) * self.item_factors(item)  # [n, n_factors]
        return products.sum(dim=1)


class DotProductRange(DotProduct):
    """``range(p_u . q_i)``: the dot product, held inside the scale by a sigmoid."""

    def __init__(
        self, n_users: int, n_items: int, *, n_factors: int, y_range: tuple[float, float], generator: torch.Generator
    ) -> None:
        super().__init__(n_users, n_items, n_factors=n_factors, generator=generator)
        self.y_range = y_range

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        return sigmoid_range(super().forward(user, item), self.y_range)


class DotProductBias(DotProduct):
    """``range(p_u . q_i + b_u + c_i)``: some users are generous, some items simply better."""

    def __init__(
        self, n_users: int, n_items: int, *, n_factors: int, y_range: tuple[float, float], generator: torch.Generator
    ) -> None:
        super().__init__(n_users, n_items, n_factors=n_factors, generator=generator)
        self.user_bias = embedding(n_users, 1, generator)
        self.item_bias = embedding(n_items, 1, generator)
        self.y_range = y_range

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        bias = (self.user_bias(user) + self.item_bias(item)).squeeze(1)
        return sigmoid_range(super().forward(user, item) + bias, self.y_range)
