"""One module for each source of hands, all giving the same `Sample`."""
