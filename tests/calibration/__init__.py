"""Is scd calibrated? Long simulations whose results are kept beside them as small tables.

``uv run python -m tests.calibration`` remakes every table; ``notebooks/calibration.ipynb`` shows them.
"""
