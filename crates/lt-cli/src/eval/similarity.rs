//! `lt eval similarity`: how well sentence vectors tell what is alike.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anstyle::Style;
use clap::Args;
use lt_recipes::{ColumnName, measure_spread, measure_vectors};
use lt_tasks::SentenceEncoder;

use super::labelled_file::FileArgs;
use crate::args::{Common, Format};
use crate::failure::Result;
use crate::output::Output;
use crate::train::with_advice;

/// How well sentence vectors tell what is alike: rank correlation with scores, or with a teacher
#[derive(Debug, Args)]
#[command(after_help = MEANING)]
pub(crate) struct SimilarityArgs {
    #[command(flatten)]
    file: FileArgs,
    /// That of the second text [default: second]
    #[arg(long, value_name = "NAME")]
    second: Option<ColumnName>,
    /// That of the score [default: score]
    #[arg(long, value_name = "NAME", conflicts_with = "teacher")]
    score: Option<ColumnName>,
    /// Compare with the cosines of this model, in place of scores
    #[arg(long, value_name = "DIR")]
    teacher: Option<PathBuf>,
    /// So many pairs of all lines, spread evenly over the teacher's cosine from 0 to 1
    #[arg(long, value_name = "N", requires = "teacher", conflicts_with = "second")]
    spread: Option<NonZeroUsize>,
}

const MEANING: &str = "\
Examples:
  lt eval similarity --model DIR pairs.csv --text one --second other --score alike
  lt eval similarity --model DIR --teacher all-MiniLM-L6-v2 lines.txt
  lt eval similarity --model DIR --teacher all-MiniLM-L6-v2 lines.txt --spread 2000

In a file of plain text each line makes a pair with the next, unless --spread chooses others. JSON: {\"spearman\": x, \"pearson\": y,
\"pairs\": n}, with a teacher of the same width also \"teacher_cosine\": the mean cosine of a text's
vector and its teacher's.";

pub(super) fn run(args: &SimilarityArgs, common: &Common) -> Result<()> {
    let options = common.load_options();
    let encoder = common.sentence_encoder()?;
    let teacher = args.teacher.as_ref().map(|dir| SentenceEncoder::from_dir(dir, &options));
    let teacher = teacher.transpose()?;
    let mut data = args.file.data();
    data.second.clone_from(&args.second);
    data.score.clone_from(&args.score);
    let mut scratch = common.scratch()?;
    let found = match (args.spread, &teacher) {
        (Some(pairs), Some(teacher)) => {
            measure_spread(&encoder, teacher, &data, pairs.get(), &mut scratch)
        }
        _ => measure_vectors(&encoder, teacher.as_ref(), &data, &mut scratch),
    };
    let found = found.map_err(with_advice)?;
    let mut output = Output::new(common.format);
    match common.format {
        Format::Json => output.json(&found)?,
        Format::Text => {
            let bold = Style::new().bold();
            writeln!(output, "{bold}{:.4}{bold:#}  Spearman's rank correlation", found.spearman)?;
            writeln!(output, "{:.4}  Pearson's correlation", found.pearson)?;
            if let Some(cosine) = found.teacher_cosine {
                writeln!(output, "{cosine:.4}  mean cosine with the teacher's vectors")?;
            }
            writeln!(output, "{} pairs", found.pairs)?;
        }
    }
    output.finish()
}
