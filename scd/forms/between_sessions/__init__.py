"""The weekly ten minutes on one page: record, look, decide together, plan what comes next."""
