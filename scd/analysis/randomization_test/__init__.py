"""Randomisation tests by the stored draw: assignments, statistics, their distribution, and intervals by inversion."""
