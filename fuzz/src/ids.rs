//! The file of ids that `lt forward` and `lt bench` read.

use crate::ids_file::Ids;

pub(crate) fn read(bytes: &[u8]) -> bool {
    match Ids::from_json(bytes) {
        Ok(ids) => {
            assert_eq!(ids.sequences.tokens(), ids.ids.len());
            assert!(ids.sequences.ranges().all(|range| !range.is_empty()));
            assert!(ids.segments.as_ref().is_none_or(|segments| segments.len() == ids.ids.len()));
            let chunks = ids.chunks(3);
            let tokens: usize = chunks.iter().map(|lists| ids.part(lists).input().ids.len()).sum();
            assert_eq!(tokens, ids.ids.len());
            true
        }
        Err(failure) => {
            assert!(!failure.to_string().is_empty());
            false
        }
    }
}
