"""What can be wrong with the learning of a run, one finding a file: each looks at a `Case` and says what it sees."""
