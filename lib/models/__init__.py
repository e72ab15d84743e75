"""Where weights come from: starters, folders, earlier runs; and how long texts are in their tokens."""
