"""From assembly to results: machine code and its cache, kernels that can be called, programs, and their plans."""
