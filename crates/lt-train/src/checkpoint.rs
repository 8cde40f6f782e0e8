//! Checkpoints: what a run needs to go on as if nothing had happened.

mod error;
mod files;
mod manifest;
mod run_folder;
mod storage;

pub use error::CheckpointError;
pub use files::{ModelFiles, WithLayout};
pub use manifest::{Best, Progress};
pub use run_folder::{Restored, RunFolder};
pub use storage::{Disk, Storage};

/// [FNV-1a](https://www.rfc-editor.org/rfc/rfc9923) of 64 bits:
/// it tells a file from a damaged one, not from a forged one.
pub(crate) fn fingerprint(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    /// Values from the reference: the offset basis, and the hash of "foobar".
    #[test]
    fn a_fingerprint_is_fnv_1a() {
        assert_eq!(super::fingerprint(b""), "cbf29ce484222325");
        assert_eq!(super::fingerprint(b"foobar"), "85944171f73967e8");
    }
}
