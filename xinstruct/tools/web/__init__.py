"""Reads sources: web archives, saved HTML, JSON lines and Parquet tables; `reader` is the way in."""
