"""Measurements of speed and quality, each as a ratio or against its target."""
