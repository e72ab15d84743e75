"""Atelier's tests."""
