//! From the bytes of the file to the row of “bank”.

use anyhow::{Context as _, Result, ensure};
use lt_tiny_bert::WEIGHTS;
use serde_json::Value;

use super::numbers::{code, decimals, four};
use super::page::Page;
use crate::example::Example;

const COLUMNS: usize = 4;
const NAME: &str = "bert.embeddings.word_embeddings.weight";

pub(super) fn write(page: &mut Page) -> Result<()> {
    let example = Example::new()?;
    let bank = example.place("bank")?;
    let id = example.encoding.ids[bank] as usize;
    let file = File::new()?;
    let (rows, d) = file.shape(NAME)?;
    let (start, scales) = (file.start(NAME)?, file.start(&format!("{NAME}_scale"))?);
    let (row, scale) = (start + id * d, scales + 4 * id);
    let bytes = WEIGHTS.get(row..row + d).context("the row lies in the file")?;
    let multiples: Vec<i8> = bytes.iter().map(|&byte| byte as i8).collect();
    let factor = WEIGHTS.get(scale..scale + 4).context("the scale lies in the file")?;
    let factor = f32::from_le_bytes(factor.try_into()?);
    let numbers: Vec<f32> =
        multiples.iter().map(|&multiple| f32::from(multiple) * factor).collect();
    ensure!(example.parts()?.token.row(bank).to_vec() == numbers, "the model has another row");
    let largest = multiples.iter().map(|multiple| multiple.unsigned_abs()).max();
    ensure!(largest == Some(127), "the largest multiple is {largest:?}");

    page.say(&format!(
        "Where the row of “bank” lies in the file that is built into lt-tiny-bert. The first eight bytes of the file say \
         that the header has N = {} bytes, so the data begin at byte {}. The header says of {}: `I8`, `[{rows}, {d}]`, from byte {} \
         of the data on. “bank” has the id {id}: its row comes after {id} rows of {d} bytes, and its scale is number {id} \
         of {}.",
        file.header,
        file.data(),
        code(NAME),
        start - file.data(),
        code(&format!("{NAME}_scale"))
    ));
    let shown = |of: &dyn Fn(usize) -> String| {
        let cells: Vec<String> = (0..COLUMNS).map(of).collect();
        format!("{}, …", cells.join(", "))
    };
    let hex = |from: usize, count: usize| {
        let bytes = WEIGHTS[from..from + count].iter().map(|byte| format!("{byte:02x}"));
        bytes.collect::<Vec<_>>().join(" ")
    };
    let line = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
    page.block(&[
        line(["", "from byte", "bytes", "numbers"]),
        line([
            "row",
            &row.to_string(),
            &format!("{} …", hex(row, COLUMNS)),
            &shown(&|at| decimals(f64::from(multiples[at]), 0)),
        ]),
        line(["scale", &scale.to_string(), &hex(scale, 4), &decimals(factor, 8)]),
        line(["row · scale", "", "", &shown(&|at| four(numbers[at]))]),
    ]);
    page.say(
        "The last line is what the model computes with, and what \
         [`lt-embedding`](../lt_embedding/index.html#the-sentence-in-numbers) looked up. The largest multiple of the row, \
         without its sign, is 127: that is how the scale was chosen.",
    );
    page.see(
        "`lt inspect --model crates/lt-tiny-bert/model`, which lists all tensors with their bytes",
    );
    Ok(())
}

/// The header of the file.
struct File {
    /// How many bytes it has, N.
    header: usize,
    entries: Value,
}

impl File {
    fn new() -> Result<Self> {
        let (length, rest) = WEIGHTS.split_at_checked(8).context("the file has a header")?;
        let header = usize::try_from(u64::from_le_bytes(length.try_into()?))?;
        let text = rest.get(..header).context("the header lies in the file")?;
        Ok(Self { header, entries: serde_json::from_slice(text)? })
    }

    /// Where the data begin.
    fn data(&self) -> usize {
        8 + self.header
    }

    /// A number of an entry.
    fn number(&self, name: &str, list: &str, at: usize) -> Result<usize> {
        let number = self.entries[name][list][at].as_u64();
        let number = number.with_context(|| format!("{name} has no {list}[{at}]"))?;
        Ok(usize::try_from(number)?)
    }

    /// Where a tensor begins, from the beginning of the file.
    fn start(&self, name: &str) -> Result<usize> {
        Ok(self.data() + self.number(name, "data_offsets", 0)?)
    }

    fn shape(&self, name: &str) -> Result<(usize, usize)> {
        ensure!(self.entries[name]["dtype"] == "I8", "{name} is not stored in 8 bits");
        Ok((self.number(name, "shape", 0)?, self.number(name, "shape", 1)?))
    }
}
