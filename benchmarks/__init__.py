"""One module per claim; each has `run() -> list[Row]` that measures ours and a peer alternately."""
