"""Practice between sessions: follow-through, how the effect goes with it, and the words for both."""
