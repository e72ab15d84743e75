"""The model host: the only process beside the workers that holds models."""
