"""What the benchmarks of clustering are made of: documents, our own run, the runs of its peers, and their figures."""
