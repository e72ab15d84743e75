"""From a wish to a complete, checked spec: what is left out is guessed, what is wrong is said, the cost is told."""
