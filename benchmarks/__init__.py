"""How fast haco is, each part beside a plain version of the same in the same process.

`python -m benchmarks` runs all, `python -m benchmarks crop` runs one.
"""
