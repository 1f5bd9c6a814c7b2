"""vLLM servers of our own, started, watched and ended; the way in is `serving.serving`."""
