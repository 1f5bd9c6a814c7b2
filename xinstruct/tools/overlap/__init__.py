"""Finds in texts what an evaluation set also holds: the set's texts read, hashed, kept on disk, and looked for."""
