"""Between-case effect sizes, comparable with trials between groups: by moments, mixed model, and posterior."""
