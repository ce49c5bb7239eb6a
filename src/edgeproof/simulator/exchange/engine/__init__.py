"""The exchange without its doors: plain, synchronous code, clocks handed in; only the ground truth may write a file."""
