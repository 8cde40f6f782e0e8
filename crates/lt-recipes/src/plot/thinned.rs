//! A long run with as many points as a picture can show.

/// More points than this are drawn as the smallest and the largest of each column of the picture.
const MOST_POINTS: usize = 2000;

/// Of many points those that can be told apart: of each group the lowest and the highest, so that
/// no peak is lost.
pub(super) fn thinned(places: Vec<Option<(f64, f64)>>) -> Vec<Option<(f64, f64)>> {
    if places.len() <= MOST_POINTS {
        return places;
    }
    let group = places.len().div_ceil(MOST_POINTS / 2);
    let mut thin = Vec::with_capacity(MOST_POINTS + 2);
    for part in places.chunks(group) {
        let height = |at: &usize| part[*at].map_or(f64::NAN, |(_, y)| y);
        let known = || (0..part.len()).filter(|at| part[*at].is_some());
        let lowest = known().min_by(|a, b| height(a).total_cmp(&height(b)));
        let highest = known().max_by(|a, b| height(a).total_cmp(&height(b)));
        let mut chosen: Vec<usize> = lowest.into_iter().chain(highest).collect();
        chosen.sort_unstable();
        chosen.dedup();
        if chosen.is_empty() {
            thin.push(None);
        }
        thin.extend(chosen.into_iter().map(|at| part[at]));
    }
    thin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_peaks_stay() {
        let mut places: Vec<Option<(f64, f64)>> =
            (0..10_000).map(|x| Some((f64::from(x), 1.0))).collect();
        assert_eq!(thinned(places[..2000].to_vec()), places[..2000]);
        places[7001] = Some((7001.0, 9.0));
        places[7002] = Some((7002.0, -9.0));
        places[100..200].fill(None);
        let thin = thinned(places);
        assert!(thin.len() <= MOST_POINTS + 2);
        assert!(thin.contains(&Some((7001.0, 9.0))) && thin.contains(&Some((7002.0, -9.0))));
        assert!(thin.contains(&None));
    }
}
