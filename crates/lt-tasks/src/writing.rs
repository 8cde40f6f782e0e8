// The page of this module is its chapter, `doc/15-writing.md` and on, which `lib.rs` shows. What it
// is about lies at the root of the crate, beside the other tasks.
