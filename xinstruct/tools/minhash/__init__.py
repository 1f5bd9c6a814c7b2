"""Finds texts that share most of their character pieces: pieces, signatures, and the pairs that meet."""
