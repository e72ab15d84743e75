"""The worker process: the only place where models learn."""
