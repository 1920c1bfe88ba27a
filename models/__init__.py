"""The models: a file per family, and the registry that describes them without importing torch."""
