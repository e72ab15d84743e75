"""The commands of the terminal, one file for each noun; the only part beside __main__ that prints."""
