"""The last that workers are forked with, behind `imported_once` and the libraries of a lab."""

import gc

gc.freeze()  # else the first collection in each worker copies all pages
gc.enable()
