"""Cards: the README.md beside a model, a data set or a demo that tells the next person what it is and how good."""
