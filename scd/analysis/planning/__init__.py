"""Planning: how likely a design is to know, before its first session, by simulation and the exact engine."""
