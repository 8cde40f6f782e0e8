//! How well sentence vectors tell what is alike.

use lt_core::Scratch;
use lt_tasks::SentenceEncoder;
use lt_tasks::metrics::{pearson, spearman};
use lt_train::data::Checked;
use ndarray::{Array2, ArrayView1, Axis};
use serde::Serialize;

use super::spread::spread;
use super::unmeasured;
use crate::rows::Wanted;
use crate::{DataSection, FormatName, Result};

/// How well the cosines of vectors follow what is known of pairs of texts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Likeness {
    /// The correlation of their ranks.
    pub spearman: f64,
    /// The correlation of the numbers.
    pub pearson: f64,
    /// The mean cosine of a text's vector and its teacher's, where both are equally wide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teacher_cosine: Option<f64>,
    /// How many pairs there are.
    pub pairs: usize,
}

/// Compares the cosines of pairs of texts with scores, or with the cosines that a teacher gives
/// them. In a file of plain text, each line makes a pair with the next.
///
/// # Errors
/// If a file cannot be read, a score is no number, or there is nothing to compare.
pub fn measure_vectors(
    encoder: &SentenceEncoder,
    teacher: Option<&SentenceEncoder>,
    data: &DataSection,
    scratch: &mut Scratch,
) -> Result<Likeness> {
    let (mut first, mut second, mut scores) = (Vec::new(), Vec::new(), Vec::new());
    let text = Wanted { key: "text", column: data.text.as_ref() };
    if teacher.is_some() && data.format()? == FormatName::Text {
        let lines = lines(data)?;
        first.extend(lines.iter().take(lines.len().saturating_sub(1)).cloned());
        second.extend(lines.into_iter().skip(1));
    } else {
        let mut wanted = vec![text, Wanted { key: "second", column: data.second.as_ref() }];
        if teacher.is_none() {
            wanted.push(Wanted { key: "score", column: data.score.as_ref() });
        }
        let scored = teacher.is_none();
        let rows = Checked::new(data.rows(&wanted)?, move |mut row: Vec<String>| {
            let score = if scored { row.pop().unwrap_or_default() } else { "0".to_owned() };
            match score.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok((row, number)),
                _ => Err(format!("score `{score}`, expected a number")),
            }
        });
        for record in data.corpus(&data.files, rows)?.records() {
            let (mut row, score) = record?;
            second.push(row.pop().unwrap_or_default());
            first.push(row.pop().unwrap_or_default());
            scores.push(score);
        }
    }
    let mut encode = |encoder: &SentenceEncoder| -> Result<(Array2<f32>, Array2<f32>)> {
        Ok((encoder.encode(&first, scratch)?, encoder.encode(&second, scratch)?))
    };
    let ours = encode(encoder)?;
    match teacher {
        None => likeness(&scores, &cosines(&ours.0, &ours.1), None),
        Some(teacher) => compared(&ours, &encode(teacher)?),
    }
}

/// Compares the cosines of so many pairs of lines with those that a teacher gives them: pairs that
/// spread evenly over the teacher's cosine from 0 to 1. There are fewer if the file has too few
/// lines that are alike.
///
/// # Errors
/// As for [`measure_vectors`].
pub fn measure_spread(
    encoder: &SentenceEncoder,
    teacher: &SentenceEncoder,
    data: &DataSection,
    pairs: usize,
    scratch: &mut Scratch,
) -> Result<Likeness> {
    let lines = lines(data)?;
    let theirs = teacher.encode(&lines, scratch)?;
    let ours = encoder.encode(&lines, scratch)?;
    let (first, second): (Vec<usize>, Vec<usize>) = spread(&theirs, pairs).into_iter().unzip();
    let pairs =
        |vectors: &Array2<f32>| (vectors.select(Axis(0), &first), vectors.select(Axis(0), &second));
    compared(&pairs(&ours), &pairs(&theirs))
}

/// The texts of all rows.
fn lines(data: &DataSection) -> Result<Vec<String>> {
    let text = Wanted { key: "text", column: data.text.as_ref() };
    let corpus = data.corpus(&data.files, data.rows(&[text])?)?;
    corpus.records().map(|row| Ok(row?.concat())).collect()
}

/// The cosines of pairs against those of a teacher.
fn compared(
    ours: &(Array2<f32>, Array2<f32>),
    theirs: &(Array2<f32>, Array2<f32>),
) -> Result<Likeness> {
    let scores = cosines(&theirs.0, &theirs.1);
    let mut teacher_cosine = None;
    if theirs.0.ncols() == ours.0.ncols() && !scores.is_empty() {
        let same = cosines(&ours.0, &theirs.0);
        teacher_cosine = Some(same.iter().sum::<f64>() / same.len() as f64);
    }
    likeness(&scores, &cosines(&ours.0, &ours.1), teacher_cosine)
}

fn likeness(scores: &[f64], found: &[f64], teacher_cosine: Option<f64>) -> Result<Likeness> {
    Ok(Likeness {
        spearman: spearman(scores, found).map_err(unmeasured)?,
        pearson: pearson(scores, found).map_err(unmeasured)?,
        teacher_cosine,
        pairs: found.len(),
    })
}

/// The cosine of each row with that of the other; 0 where one has no direction.
fn cosines(first: &Array2<f32>, second: &Array2<f32>) -> Vec<f64> {
    let dot = |x: ArrayView1<'_, f32>, y: ArrayView1<'_, f32>| -> f64 {
        x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
    };
    let cosine = |(x, y): (ArrayView1<'_, f32>, ArrayView1<'_, f32>)| {
        let lengths = (dot(x, x) * dot(y, y)).sqrt();
        if lengths > 0.0 { dot(x, y) / lengths } else { 0.0 }
    };
    first.outer_iter().zip(second.outer_iter()).map(cosine).collect()
}
