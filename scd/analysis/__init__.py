"""Effects, diagnostics, projections and the words for them; PyMC and ArviZ load when something is estimated."""

from scd.analysis.summary import Summary, headline_model, summarize

__all__ = ["Summary", "headline_model", "summarize"]
