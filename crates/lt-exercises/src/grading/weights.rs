//! What the exercises on checkpoints are held against.

mod headers;
mod memory;

use lt_laws::Law;
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::prelude::*;
use lt_weights::{
    Layout, Reading, SafetensorsBytes, SafetensorsFile, StoreAs, TensorSource, convert, save,
};
use serde_json::Value;

use lt_core::{NameMap, Rule, Weight};

use super::{Told, Tried, breaks_only, exercises, is_caught_by, told};
use crate::weights::{Fused, Matrix};
use headers::{file, law_that_catches_a_product_that_wraps, sound_but_for_holes};
use memory::{Listed, Model, in_memory, misfit};

exercises! { weights:
    One place [
        "What stands before the data, and how long is it?",
        "8 bytes, then N, then s; then `row` whole rows, and `column` numbers.",
    ]
    One table_and_bias [
        "How many bytes does the table take, and is that a multiple of 4?",
        "The bias first: `[0, 8]`, and the table `[8, 26]`.",
        "`header.len().next_multiple_of(8)` is N; fill up with spaces, and write N as `(n as u64).to_le_bytes()`.",
    ]
    Two eight_bits [
        "Which number of the row becomes 127 or −127?",
        "The nearest multiple: `round`, before it becomes an `i8`.",
        "Where the largest number is 0, so is the scale: do not divide by it.",
    ]
    Two misfit [
        "A typing error is a name that is missing here and one that is unused there.",
        "Go through the model, and look each name up in the file; then the other way round.",
        "What is there in another shape is neither missing nor unused.",
    ]
    Two in_memory [
        "A struct of a `Vec<TensorInfo>` and a `Vec<Weight>`, and `impl TensorSource` for it.",
        "A list that is searched by halving has to be sorted by what is looked up.",
        "`StoredDtype::Usable(weight.dtype())`; `weight.dtype().bytes()`; an unknown name is `ReadError::no_tensor`.",
    ]
    Two law_that_catches_a_product_that_wraps [
        "What is 2⁶² · 4 in 64 bits?",
        "Such a tensor has as many bytes as its shape seems to say: none. Which law has such shapes?",
    ]
    Three unfused [
        "Below: where does the part begin, and how long is a row?",
        "Beside: a row of the file has `3·out` numbers, of which `out` are yours. It is a column of your matrix.",
        "The number in (row, column) lies at `column · 3·out + index · out + row`.",
    ]
    Three sound_but_for_holes [
        "Keep all of `check` of the chapter but for one comparison.",
        "A hole is where a tensor begins behind the end of the last one, an overlap is where it begins before.",
    ]
}

/// See [`place`].
const IS_READ_THERE: Law = Law {
    name: "a number is read where it is",
    statement: "file[place(r, c)] = weight[r, c]",
    tolerance: "none: bytes are counted",
};

fn place(answer: fn(usize, Matrix, usize, usize) -> usize) {
    let sizes = (0_usize..3, 1_usize..4, 1_usize..4, any::<bool>());
    IS_READ_THERE.hold(&told((sizes, 0_usize..9)), |Told(((before, rows, columns, half), at))| {
        let (row, column) = (at / 3 % rows, at % 3 % columns);
        // Each 16 bits of the data are a number of their own; no exponent of an f32 is that of NaN.
        let (dtype, bytes) = if half { ("F16", 2) } else { ("F32", 4) };
        let (start, end) = (4 * before, 4 * before + bytes * rows * columns);
        let data: Vec<u8> = (0..end / 2).flat_map(|at| [at as u8, 1]).collect();
        let bytes_of_file = file(
            &[("a", "F32", &[before], [0, start]), ("w", dtype, &[rows, columns], [start, end])],
            &data,
        );
        let header = header_of(&bytes_of_file).map_or(0, |(header, _)| header);
        let source = SafetensorsBytes::new(&bytes_of_file).map_err(|error| error.to_string())?;
        let weight = source.weight("w").map_err(|error| error.to_string())?.to_f32();
        let expected = weight[row * columns + column];
        let matrix = Matrix { start, columns, bytes };
        let place = answer(header, matrix, row, column);
        let case = format!("N = {header}, {matrix:?}, row {row}, column {column}");
        let read = bytes_of_file.get(place..place + bytes).map(|bytes| match *bytes {
            [a, b] => lt_core::f16_to_f32(u16::from_le_bytes([a, b])),
            [a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
            _ => f32::NAN,
        });
        match read {
            Some(read) if read.to_bits() == expected.to_bits() => Ok(()),
            Some(_) => Err(format!("{case}: at byte {place} there is another number")),
            None => Err(format!(
                "{case}: byte {place} is not in the file, which has {} bytes",
                bytes_of_file.len()
            )),
        }
    });
}

/// The length of the header, and the header.
fn header_of(file: &[u8]) -> Option<(usize, Value)> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    Some((length, serde_json::from_slice(rest.get(..length)?).ok()?))
}

fn table_and_bias(answer: fn() -> Vec<u8>) {
    let bytes = answer();
    let read = SafetensorsBytes::new(&bytes);
    let source = read.unwrap_or_else(|error| panic!("the file is not sound: {error}"));
    let found: Vec<String> = source
        .tensors()
        .iter()
        .map(|of| format!("{} {} {:?}", of.name, of.dtype, of.shape))
        .collect();
    let expected = ["bias f32 [2]", "table f16 [3, 3]"];
    assert!(found == expected, "the file has {found:?}, expected {expected:?}");
    let zeros = source.tensors().iter().all(|of| {
        source.weight(&of.name).is_ok_and(|weight| weight.to_f32().iter().all(|x| *x == 0.0))
    });
    assert!(zeros, "not all numbers are 0");

    let (length, header) = header_of(&bytes).expect("it was read before");
    let data = 8 + length;
    assert!(data.is_multiple_of(8), "the data begins at byte {data}, expected a multiple of 8");
    for (name, size) in [("bias", 4), ("table", 2)] {
        let start = header[name]["data_offsets"][0].as_u64().unwrap_or_default();
        assert!(
            start.is_multiple_of(size),
            "`{name}` begins at {start} of the data: no multiple of {size}, the bytes of its numbers"
        );
    }
}

/// See [`eight_bits`].
const MOVES_BY_HALF_A_SCALE: Law = Law {
    name: "a number moves by half a scale at most",
    statement: "|s·q − w| ≤ s/2, q from −127 to 127, as lt_weights::convert stores it",
    tolerance: "a thousandth of s: f32",
};

fn eight_bits(answer: fn(&[f32]) -> (f32, Vec<i8>)) {
    MOVES_BY_HALF_A_SCALE.hold(&vec(-300_i16..=300, 1..6), |row| {
        let row: Vec<f32> = row.iter().map(|&w| f32::from(w) / 100.0).collect();
        let (scale, multiples) = answer(&row);
        let case = format!("{row:?} became {scale} · {multiples:?}");
        let largest = row.iter().fold(0.0_f32, |largest, w| largest.max(w.abs())) / 127.0;
        if scale.is_nan() || (scale - largest).abs() > 1e-6 {
            return Err(format!("{case}, expected the scale {largest}"));
        }
        if multiples.len() != row.len() {
            return Err(format!("{case}, expected {} multiples", row.len()));
        }
        let far = row
            .iter()
            .zip(&multiples)
            .find(|(w, q)| (f32::from(**q) * scale - **w).abs() > 0.501 * scale);
        far.map_or(Ok(()), |(w, q)| {
            Err(format!("{case}: {w} became {q}, which stands for {}", f32::from(*q) * scale))
        })
    });
    // And as the library stores and reads it.
    let rows = [[2.54, -1.0, 0.0], [0.0011, -0.0127, 0.0], [0.0; 3]];
    let theirs = stored_in_eight_bits(&rows.concat()).expect("a file of three rows");
    for (row, theirs) in rows.iter().zip(theirs.chunks_exact(3)) {
        let (scale, multiples) = answer(row);
        let ours: Vec<f32> = multiples.iter().map(|q| f32::from(*q) * scale).collect();
        let is_near = ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(is_near, "{row:?} is read as {ours:?}, and stored by `convert` as {theirs:?}");
    }
}

/// A matrix of three columns, as it comes back.
fn stored_in_eight_bits(numbers: &[f32]) -> Result<Vec<f32>, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let (whole, small) = (folder.path().join("whole"), folder.path().join("small"));
    let matrix = vec![Weight::new(&[numbers.len() / 3, 3], numbers.to_vec())?];
    save(&matrix, &Layout::new(NameMap::new(&[])), &whole)?;
    convert(&SafetensorsFile::open(&whole, Reading::Copy)?, StoreAs::I8, &small)?;
    Ok(SafetensorsFile::open(&small, Reading::Copy)?.weight("0")?.to_f32())
}

/// See [`unfused`].
const IS_THE_PART: Law = Law {
    name: "a part is what is loaded",
    statement: "unfused(stored, i) = load(stored).part(i)",
    tolerance: "none: numbers are moved",
};

fn unfused(answer: fn(&[f32], Fused, usize, [usize; 2]) -> Vec<f32>) {
    const BELOW: Layout = Layout::new(NameMap::new(&[Rule::Fuse {
        ours: &["query", "key", "value"],
        theirs: "qkv",
        transposed: false,
    }]));
    const BESIDE: Layout = Layout::new(NameMap::new(&[Rule::Fuse {
        ours: &["query", "key", "value"],
        theirs: "qkv",
        transposed: true,
    }]));
    let cases = (1_usize..4, 1_usize..4, 0_usize..3, any::<bool>());
    IS_THE_PART.hold(&told(cases), |Told((out, inner, index, beside))| {
        let shape = [out, inner];
        let stored: Vec<f32> = (1..=3 * out * inner).map(|number| number as f32).collect();
        let (fused, layout, stored_shape) = match beside {
            false => (Fused::Below, BELOW, [3 * out, inner]),
            true => (Fused::Beside, BESIDE, [inner, 3 * out]),
        };
        let zeros = |part: &str| (format!("{part}.weight"), Weight::zeros(&shape));
        let mut model = Model(["query", "key", "value"].map(zeros).to_vec());
        let tensor = Weight::new(&stored_shape, stored.clone()).map_err(|e| e.to_string())?;
        let source = Listed::of(vec![("qkv.weight".to_owned(), tensor)]);
        lt_weights::load(&mut model, &source, &layout).map_err(|error| error.to_string())?;
        let expected = model.0[index].1.f32();
        let found = answer(&stored, fused, index, shape);
        if found == expected {
            return Ok(());
        }
        Err(format!(
            "the numbers {stored:?}, `{fused:?}`, part {index} of the shape {shape:?}: \
             {found:?}, expected {expected:?}"
        ))
    });
}
