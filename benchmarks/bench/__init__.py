"""Parts of the benchmark `benchmarks/datapath`: Python's standard library and libbpf, nothing else."""
