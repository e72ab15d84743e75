"""Readers of further file formats, one file each; `lib/data/read.py` decides which one reads."""
