"""Graph to native code: row analysis, schedule, LLVM code, and the machinery that keeps and runs it."""
