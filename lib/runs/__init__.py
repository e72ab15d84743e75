"""Runs as folders: the spec, the state, the queue and the start of a worker."""
