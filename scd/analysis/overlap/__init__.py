"""Indices of overlap and simple effect sizes, for one contrast or a thousand; the table of all of them, and advice."""
