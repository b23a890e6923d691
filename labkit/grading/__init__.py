"""Grade a whole class: take submissions in, run them apart, record scores, write reports."""
