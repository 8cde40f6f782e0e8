//! `lt forward`: against what PyTorch computed, and files that it must refuse.

mod golden_files;
mod refusals;
