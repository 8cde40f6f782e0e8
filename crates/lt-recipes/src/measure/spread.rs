//! Pairs of texts from alike to unlike, as many of each kind.

use ndarray::{Array2, ArrayView1, Axis};

/// How many kinds there are: cosines from 0 to 0.05, from 0.05 to 0.1, and so on.
const KINDS: usize = 20;

/// Pairs of these vectors whose cosines spread evenly from 0 to 1: of each twentieth of that, the
/// same number, or as many as there are.
///
/// Each text is paired with the next one, then with the one after that, and so on, until there are
/// enough. Taken as they come, almost all pairs of texts would be unlike.
pub(super) fn spread(vectors: &Array2<f32>, pairs: usize) -> Vec<(usize, usize)> {
    let unit = unit(vectors);
    let texts = unit.nrows();
    let mut room = [pairs / KINDS; KINDS];
    // What cannot be divided evenly.
    room.iter_mut().take(pairs % KINDS).for_each(|room| *room += 1);
    let mut chosen = Vec::new();
    for distance in 1..texts {
        if room.iter().all(|room| *room == 0) {
            break;
        }
        for first in 0..texts - distance {
            let second = first + distance;
            let cosine = unit.row(first).dot(&unit.row(second));
            if cosine < 0.0 {
                continue;
            }
            let kind = ((cosine * KINDS as f32) as usize).min(KINDS - 1);
            if room[kind] > 0 {
                room[kind] -= 1;
                chosen.push((first, second));
            }
        }
    }
    chosen
}

/// The vectors, each of length 1; one without a direction stays as it is.
fn unit(vectors: &Array2<f32>) -> Array2<f32> {
    let mut unit = vectors.as_standard_layout().into_owned();
    for mut row in unit.axis_iter_mut(Axis(0)) {
        let length = length(row.view());
        if length > 0.0 {
            row /= length;
        }
    }
    unit
}

fn length(vector: ArrayView1<'_, f32>) -> f32 {
    vector.dot(&vector).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_comes_as_often() {
        // On a quarter of a circle: the nearer two are, the more alike.
        let angle = |n: usize| n as f32 / 400.0 * std::f32::consts::FRAC_PI_2;
        let vectors = Array2::from_shape_fn((401, 2), |(n, axis)| match axis {
            0 => 3.0 * angle(n).cos(),
            _ => 3.0 * angle(n).sin(),
        });
        let chosen = spread(&vectors, 103);
        assert_eq!(chosen.len(), 103);
        let mut kinds = [0; KINDS];
        for (first, second) in &chosen {
            assert!(first < second);
            let cosine = (angle(*second) - angle(*first)).cos();
            // Between two kinds, rounding decides.
            kinds[((cosine * 20.0) as usize).min(19)] += 1;
        }
        assert!(kinds.iter().all(|kind| (4..=7).contains(kind)), "{kinds:?}");
    }

    #[test]
    fn what_there_is_not_cannot_be_chosen() {
        let alike = Array2::from_elem((3, 2), 1.0);
        assert_eq!(spread(&alike, 40), [(0, 1), (1, 2)]);
        assert_eq!(spread(&Array2::zeros((0, 2)), 40), []);
    }
}
