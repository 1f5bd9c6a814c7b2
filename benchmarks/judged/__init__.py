"""What judges said of passages and of naive cuts, and what follows; the texts themselves are not ours to show."""
