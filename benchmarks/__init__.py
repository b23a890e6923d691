"""One module per claim; each has `run() -> Claim` that measures ours and its peers in turn."""
