//! What the benchmarks share: numbers to work on, the work itself, a clock, and the machine's peak.
//!
//! ```text
//! cargo bench -p benches                          # all of them
//! cargo bench -p benches --bench product          # x·Wᵀ and the feed-forward layer
//! cargo bench -p benches --bench attention
//! cargo bench -p benches --bench rows             # norms, softmax, lookups, activations
//! cargo bench -p benches --bench model            # whole models
//! cargo bench -p benches --bench share_of_peak    # a table: how far each is from the limit
//! cargo run -p benches --release --example with_rayon
//! ```
//!
//! Run them on a machine that has nothing else to do.

// Both modules call what only unsafe code may call; each says why it may.
#[allow(unsafe_code)]
mod other_products;
#[allow(unsafe_code)]
pub mod peak;

pub mod models;
pub mod numbers;
pub mod timing;
pub mod workloads;

pub use other_products::gemm;
