//! Headers, sound and not: what the library says of them is what a check has to say.

use lt_laws::proptest::collection::vec;
use lt_laws::proptest::prelude::*;
use lt_laws::proptest::sample::select;
use lt_laws::{Law, Verdict};
use lt_weights::SafetensorsBytes;
use serde_json::{Map, json};

use super::{Tried, breaks_only, is_caught_by};
use crate::weights::Entry;

/// A file: for each tensor its name, type, shape and offsets, and the data.
pub(super) fn file(tensors: &[(&str, &str, &[usize], [usize; 2])], data: &[u8]) -> Vec<u8> {
    let entry = |&(name, dtype, shape, offsets): &(&str, &str, &[usize], [usize; 2])| {
        (name.to_owned(), json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets }))
    };
    let header: Map<_, _> = tensors.iter().map(entry).collect();
    let mut header = json!(header).to_string();
    while header.len() % 8 > 0 {
        header.push(' ');
    }
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// A check of a header, as the exercise has it.
type Check = fn(&[Entry], usize) -> bool;

/// What a check says must be what reading such a file says.
fn agrees(check: &Check, entries: &[Entry], data: usize) -> Verdict {
    let names: Vec<String> = (0..entries.len()).map(|number| format!("t{number:02}")).collect();
    let named = |(name, of): (&'_ String, &'_ Entry)| {
        let dtype = if of.bits == 16 { "F16" } else { "F32" };
        (name.clone(), dtype, of.shape.clone(), [of.start, of.end])
    };
    let tensors: Vec<_> = names.iter().zip(entries).map(named).collect();
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, dtype, shape, at)| (&name[..], *dtype, &shape[..], *at))
        .collect();
    let read = SafetensorsBytes::new(file(&tensors, &vec![0; data]));
    let why = read.as_ref().err().map_or_else(String::new, |error| format!(": {error}"));
    match (check(entries, data), read.is_ok()) {
        (true, true) | (false, false) => Ok(()),
        (true, false) => Err(format!("{entries:?} with {data} bytes of data is taken{why}")),
        (false, true) => Err(format!("{entries:?} with {data} bytes of data is refused")),
    }
}

/// One to three matrices that lie end to end.
fn sound() -> impl Strategy<Value = Vec<Entry>> {
    let matrix = (select(vec![32_usize, 16]), 1_usize..4, 1_usize..4);
    vec(matrix, 1..4).prop_map(|matrices| {
        let mut end = 0;
        let entry = |(bits, rows, columns): (usize, usize, usize)| {
            let start = end;
            end += rows * columns * bits / 8;
            Entry { bits, shape: vec![rows, columns], start, end }
        };
        matrices.into_iter().map(entry).collect()
    })
}

fn length(entries: &[Entry]) -> usize {
    entries.last().map_or(0, |last| last.end)
}

/// A sound header to whose tensors, from the one of this number on, something is done.
fn moved(mut entries: Vec<Entry>, from: usize, offset: impl Fn(usize) -> usize) -> Vec<Entry> {
    let from = from % entries.len();
    for entry in &mut entries[from..] {
        (entry.start, entry.end) = (offset(entry.start), offset(entry.end));
    }
    entries
}

const fn law(name: &'static str) -> Law {
    let statement = "check(header) = what reading a file with this header says";
    Law { name, statement, tolerance: "none" }
}

const SOUND: Law = law("a sound file is taken");
const HOLE: Law = law("a hole before a tensor is refused");
const OVERLAP: Law = law("an overlap is refused");
const LENGTH: Law = law("a file that is cut off or too long is refused");
const SIZE: Law = law("a tensor of more or fewer bytes than its shape says is refused");
const COUNT: Law = law("a shape beyond counting is refused");

const LAWS: &[Tried<Check>] = &[
    (&SOUND, |check| SOUND.hold(&sound(), |all| agrees(check, &all, length(&all)))),
    (&HOLE, |check| {
        HOLE.hold(&(sound(), 0_usize..3, 1_usize..9), |(all, from, hole)| {
            let all = moved(all, from, |at| at + hole);
            agrees(check, &all, length(&all))
        });
    }),
    (&OVERLAP, |check| {
        OVERLAP.hold(&(sound(), sound(), 1_usize..9), |(mut all, others, overlap)| {
            // Both begin as they are; the second list begins before the first has ended.
            let end = length(&all);
            let overlap = overlap.min(end);
            all.extend(moved(others, 0, |at| at + end - overlap));
            all.sort_by_key(|entry| (entry.start, entry.end));
            agrees(check, &all, length(&all))
        });
    }),
    (&LENGTH, |check| {
        LENGTH.hold(&(sound(), 0_usize..40), |(all, data)| agrees(check, &all, data));
    }),
    (&SIZE, |check| {
        SIZE.hold(&(sound(), 0_usize..40), |(mut all, end)| {
            if let Some(last) = all.last_mut() {
                last.end = end;
            }
            agrees(check, &all, end)
        });
    }),
    (&COUNT, |check| {
        let shapes = vec![vec![1 << 62, 4], vec![1 << 32, 1 << 32], vec![1 << 59], vec![4; 31]];
        COUNT.hold(&(sound(), select(shapes)), |(mut all, shape)| {
            let end = length(&all);
            all.push(Entry { bits: 32, shape, start: end, end });
            agrees(check, &all, end)
        });
    }),
];

/// The lines that were changed.
fn wraps(entries: &[Entry], data: usize) -> bool {
    let mut expected = 0;
    for entry in entries {
        let count = entry.shape.iter().fold(1_usize, |count, &side| count.wrapping_mul(side));
        let bits = count.wrapping_mul(entry.bits);
        let is_sound = entry.end.checked_sub(entry.start) == Some(bits / 8);
        if !is_sound || entry.start != expected {
            return false;
        }
        expected = entry.end;
    }
    expected == data
}

pub(super) fn law_that_catches_a_product_that_wraps(answer: fn() -> &'static str) {
    let mutant: Check = wraps;
    is_caught_by(answer(), LAWS, &mutant);
}

pub(super) fn sound_but_for_holes(answer: Check) {
    breaks_only(&HOLE, LAWS, &answer);
}
