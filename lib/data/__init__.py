"""From a file's bytes to a table: read, repair, profile, split and store."""
