"""scd: single-case experimental designs, from a clinician's plan to the client's report."""

__version__ = "0.1.0"

__all__ = ["__version__"]
