"""What the benchmark of harvest's speed is made of: its crawl, and the peer's line."""
