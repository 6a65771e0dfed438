"""Steering between sessions: the baseline's course against what came, fixed looks, alarms with their error rates."""
