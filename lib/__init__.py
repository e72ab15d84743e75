"""Atelier's library: everything but the pages."""

__version__ = "0.1.0"
