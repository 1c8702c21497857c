"""The code itself, as LLVM assembly: loop nests, products, branches, tiles of rows, threads."""
