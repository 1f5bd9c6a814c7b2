"""Measurements that take longer than tests, beside peers or of the pipeline against itself; each file runs alone."""
