//! Benchmarks of the kernels: run them with `cargo bench -p benches`.
