//! What leader and worker say to each other, as bytes: little-endian numbers, one after the other.

use std::io::{self, Read, Write};

use lt_core::{Params, Path, Values, Weight};

/// What the first bytes must be: this program, and this version of what it says.
pub(super) const GREETING: u64 = u64::from_le_bytes(*b"lt-train");
pub(super) const VERSION: u64 = 1;

/// What a leader asks for.
pub(super) const PARAMETERS: u64 = 1;
pub(super) const SHARD: u64 = 2;
/// What a worker answers.
pub(super) const COMPUTED: u64 = 3;
pub(super) const REFUSED: u64 = 4;

/// A text longer than this is none of ours.
const LONGEST_TEXT: u64 = 1 << 16;

pub(super) fn write_number(to: &mut impl Write, number: u64) -> io::Result<()> {
    to.write_all(&number.to_le_bytes())
}

pub(super) fn read_number(from: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

pub(super) fn write_text(to: &mut impl Write, text: &str) -> io::Result<()> {
    let cut = &text.as_bytes()[..text.len().min(LONGEST_TEXT as usize)];
    write_number(to, cut.len() as u64)?;
    to.write_all(cut)
}

pub(super) fn read_text(from: &mut impl Read) -> io::Result<String> {
    let length = read_number(from)?;
    if length > LONGEST_TEXT {
        return Err(unexpected(format!("a text of {length} bytes")));
    }
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) fn unexpected(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("unexpected: {what}"))
}

/// How a weight is written.
const ZEROS: u64 = 0;
const DENSE: u64 = 1;
const ROWS: u64 = 2;

/// Writes all parameters, each as it is: zeros, some rows, or all numbers.
pub(super) fn write_weights(to: &mut impl Write, model: &impl Params) -> io::Result<()> {
    for (_, weight) in lt_core::weights(model) {
        match weight.values() {
            Values::Zeros => write_number(to, ZEROS)?,
            Values::Rows(rows) => {
                write_number(to, ROWS)?;
                write_number(to, rows.len() as u64)?;
                for (row, values) in rows.iter() {
                    write_number(to, row as u64)?;
                    write_floats(to, values)?;
                }
            }
            Values::F32(values) => {
                write_number(to, DENSE)?;
                write_floats(to, values)?;
            }
            _ => {
                write_number(to, DENSE)?;
                write_floats(to, &weight.to_f32())?;
            }
        }
    }
    Ok(())
}

/// Reads what `write_weights` wrote, for parameters of the same shapes.
pub(super) fn read_weights(from: &mut impl Read, model: &mut impl Params) -> io::Result<()> {
    let mut result = Ok(());
    model.visit_mut(&mut Path::new(), &mut |_, weight| {
        if result.is_ok() {
            result = read_weight(from, weight);
        }
    });
    result
}

fn read_weight(from: &mut impl Read, weight: &mut Weight) -> io::Result<()> {
    match read_number(from)? {
        ZEROS => *weight = Weight::zeros(weight.shape()),
        DENSE => read_floats(from, weight.make_mut())?,
        ROWS => {
            let width = weight.shape().last().copied().unwrap_or(1);
            let height = weight.len() / width.max(1);
            *weight = Weight::zeros(weight.shape());
            let mut values = vec![0.0; width];
            for _ in 0..read_number(from)? {
                let row = read_number(from)?;
                if row >= height as u64 {
                    return Err(unexpected(format!("row {row} of {height}")));
                }
                read_floats(from, &mut values)?;
                weight.add_row(row as usize, &values);
            }
        }
        other => return Err(unexpected(format!("a weight of kind {other}"))),
    }
    Ok(())
}

/// How many numbers are turned into bytes at once.
const BLOCK: usize = 1 << 14;

fn write_floats(to: &mut impl Write, values: &[f32]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(4 * BLOCK.min(values.len()));
    for block in values.chunks(BLOCK) {
        bytes.clear();
        bytes.extend(block.iter().flat_map(|value| value.to_le_bytes()));
        to.write_all(&bytes)?;
    }
    Ok(())
}

fn read_floats(from: &mut impl Read, values: &mut [f32]) -> io::Result<()> {
    let mut bytes = vec![0; 4 * BLOCK.min(values.len())];
    for block in values.chunks_mut(BLOCK) {
        let bytes = &mut bytes[..4 * block.len()];
        from.read_exact(bytes)?;
        for (value, bytes) in block.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *value = f32::from_le_bytes(*bytes);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_comes_over_to_the_bit_whatever_it_is() {
        let mut rows = Weight::zeros(&[100, 3]);
        rows.add_row(7, &[1.0, -0.0, f32::NAN]);
        rows.add_row(2, &[4.0, 5.0, 6.0]);
        let list = vec![Weight::zeros(&[5]), rows, lt_laws::sample::weight(&[200, 100], 1)];
        let mut bytes = Vec::new();
        write_weights(&mut bytes, &list).unwrap();
        let mut read = list.clone();
        read[0].make_mut().fill(9.0);
        read[2].make_mut().fill(9.0);
        read_weights(&mut &bytes[..], &mut read).unwrap();
        for (a, b) in list.iter().zip(&read) {
            let bits =
                |weight: &Weight| weight.to_f32().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(a), bits(b));
            assert_eq!(std::mem::discriminant(&a.values()), std::mem::discriminant(&b.values()));
        }
        // Cut short at any place it is refused.
        for end in (0..bytes.len()).step_by(997).chain([bytes.len() - 1]) {
            assert!(read_weights(&mut &bytes[..end], &mut read.clone()).is_err(), "{end}");
        }
        assert!(read_text(&mut &u64::MAX.to_le_bytes()[..]).is_err());
    }
}
