//! Toys that keep something: each token is given the sum of those up to it.

use lt_laws::Batch;
use lt_laws::kept::Keeper;
use ndarray::{Array1, Array2, Axis};

/// What such a toy does wrong.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Lapse {
    None,
    /// Begins anew with each piece.
    Forgets,
    /// Goes on where the text before it in the batch ended.
    RunsOn,
    /// Takes what was cut off for kept.
    DoesNotCut,
    /// Keeps the order of before.
    DoesNotReorder,
}

/// The sums of a whole batch; looking ahead gives each token the sum of its text.
pub(crate) fn sums_up_to(Batch { rows, sequences, .. }: Batch<'_>) -> Array2<f32> {
    let mut sums = rows.to_owned();
    for range in sequences.ranges() {
        for row in range.clone().skip(1) {
            let before = sums.row(row - 1).to_owned();
            let mut sum = sums.row_mut(row);
            sum += &before;
        }
    }
    sums
}

pub(crate) fn sums_of_all(Batch { rows, sequences, .. }: Batch<'_>) -> Array2<f32> {
    let mut sums = rows.to_owned();
    for range in sequences.ranges() {
        let all = rows.slice(ndarray::s![range.clone(), ..]).sum_axis(Axis(0));
        range.for_each(|row| sums.row_mut(row).assign(&all));
    }
    sums
}

/// The tokens of each text, and what it does wrong with them.
pub(crate) struct Sums {
    texts: Vec<Vec<Array1<f32>>>,
    lapse: Lapse,
}

pub(crate) fn keeping(lapse: Lapse) -> impl Fn(usize) -> Sums {
    move |texts| Sums { texts: vec![Vec::new(); texts], lapse }
}

impl Keeper for Sums {
    type Rows = Array2<f32>;

    fn read(&mut self, Batch { rows, sequences, .. }: Batch<'_>) -> Array2<f32> {
        let (mut sums, mut last) = (rows.to_owned(), Array1::zeros(rows.ncols()));
        for (text, range) in self.texts.iter_mut().zip(sequences.ranges()) {
            if self.lapse == Lapse::Forgets {
                text.clear();
            }
            let mut sum: Option<Array1<f32>> = text.iter().fold(None, |sum, row| match sum {
                None => Some(row.clone()),
                Some(sum) => Some(row + &sum),
            });
            if self.lapse == Lapse::RunsOn && text.is_empty() {
                sum = Some(last.clone());
            }
            for row in range {
                text.push(rows.row(row).to_owned());
                let now = sum.map_or_else(|| rows.row(row).to_owned(), |sum| &rows.row(row) + &sum);
                sums.row_mut(row).assign(&now);
                last.assign(&now);
                sum = Some(now);
            }
        }
        sums
    }

    fn cut(&mut self, lengths: &[usize]) {
        if self.lapse != Lapse::DoesNotCut {
            self.texts.iter_mut().zip(lengths).for_each(|(text, &length)| text.truncate(length));
        }
    }

    fn select(&mut self, parents: &[usize]) {
        let last = self.texts.len() - 1;
        let chosen = |(place, &parent): (usize, &usize)| match self.lapse {
            Lapse::DoesNotReorder => self.texts[place.min(last)].clone(),
            _ => self.texts[parent].clone(),
        };
        self.texts = parents.iter().enumerate().map(chosen).collect();
    }
}
