//! How much memory a reader may ask for.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// So many bytes may be allocated while one input is read, all taken together. An input has some
/// kilobytes, and a size that is believed without being checked soon asks for more.
pub const CEILING: usize = 256 << 20;

/// Runs a reader, and panics if it has asked for more than the ceiling.
pub(crate) fn hold<T>(read: impl FnOnce() -> T) -> T {
    let region = Region::new(ALLOCATOR);
    let result = read();
    let change = region.change();
    let grown = usize::try_from(change.bytes_reallocated).unwrap_or(0);
    let asked = change.bytes_allocated.saturating_add(grown);
    assert!(asked <= CEILING, "{asked} bytes were allocated, expected at most {CEILING}");
    result
}
