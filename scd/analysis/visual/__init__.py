"""Visual analysis, made exact: levels, trends, changes, stability, the dual criterion, and WWC's screens."""
