"""CollabViz: train collaborative-filtering models on ratings, and look into what they learned.

Data runs one way through the rooms of this package::

    sources -> Ratings -> Split -> Trainer(model, recipe) -> Run -> Embeddings -> analysis -> charts -> pages
"""

__version__ = "0.1.0"
