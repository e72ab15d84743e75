"""Predictions in, numbers out: what a trained model gets right, wrong, and how sure we can be of that."""
