"""Serving a run's model over HTTP: one process, one model, one thread that asks it."""
