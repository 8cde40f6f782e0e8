//! Tags: what they say, and which sequence of them is likeliest.

use lt_laws::Law;
use lt_laws::proptest::collection::vec;
use lt_tasks::metrics::{Reading, Scheme, Span, entities};

pub(super) fn same_and_not_the_same(answer: fn() -> [Vec<&'static str>; 2]) {
    let lists = answer();
    let [first, second] = &lists;
    assert!(first.len() == second.len(), "{} tags and {}", first.len(), second.len());
    let read = |reading: Reading| -> [Vec<Span>; 2] {
        [first, second].map(|tags| entities(tags, reading).unwrap_or_else(|e| panic!("{e}")))
    };
    let [a, b] = read(Reading::Lenient);
    assert!(a == b, "read leniently, {first:?} has {a:?}\n  and {second:?} has {b:?}");
    let [a, b] = read(Reading::Strict(Scheme::Iob2));
    for (tags, found) in [(first, &a), (second, &b)] {
        assert!(!found.is_empty(), "read strictly, {tags:?} has no entity");
    }
    let common = a.iter().find(|span| b.contains(span));
    assert!(common.is_none(), "read strictly, both have {common:?}");
}

/// See [`likeliest_tags`].
const NO_SEQUENCE_IS_LIKELIER: Law = Law {
    name: "no sequence that follows the scheme is likelier",
    statement: "Π p(tagᵢ) is the largest of all sequences that are the same read strictly and leniently",
    tolerance: "1e-6 of it",
};

pub(super) fn likeliest_tags(answer: fn(&[Vec<f32>], &[&str]) -> Vec<usize>) {
    const TAGS: [&str; 5] = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
    let named = |path: &[usize]| -> Vec<&str> { path.iter().map(|&tag| TAGS[tag]).collect() };
    let follows_iob2 = |path: &Vec<usize>| {
        let read = |reading| entities(&named(path), reading).expect("tags of IOB2");
        read(Reading::Lenient) == read(Reading::Strict(Scheme::Iob2))
    };
    let mut all: Vec<Vec<Vec<usize>>> = vec![vec![Vec::new()]];
    for length in 0..4 {
        let longer = |path: &Vec<usize>| (0..5).map(|tag| [&path[..], &[tag]].concat()).collect();
        let paths: Vec<Vec<usize>> = all[length].iter().flat_map::<Vec<_>, _>(longer).collect();
        all.push(paths.into_iter().filter(follows_iob2).collect());
    }
    NO_SEQUENCE_IS_LIKELIER.hold(&vec(vec(1_u8..10, 5), 1..5), |rows| {
        let share = |row: Vec<u8>| {
            let sum: f32 = row.iter().copied().map(f32::from).sum();
            row.into_iter().map(|part| f32::from(part) / sum).collect()
        };
        let rows: Vec<Vec<f32>> = rows.into_iter().map(share).collect();
        let product = |path: &[usize]| -> f64 {
            path.iter().zip(&rows).map(|(&tag, row)| f64::from(row[tag])).product()
        };
        let path = answer(&rows, &TAGS);
        if path.len() != rows.len() || path.iter().any(|&tag| tag >= TAGS.len()) {
            return Err(format!("{path:?} are not {} of {} tags", rows.len(), TAGS.len()));
        }
        if !follows_iob2(&path) {
            return Err(format!("{:?} does not follow the scheme", named(&path)));
        }
        let best = all[rows.len()].iter().max_by(|a, b| product(a).total_cmp(&product(b)));
        match best {
            Some(best) if product(&path) < product(best) * (1.0 - 1e-6) => Err(format!(
                "{:?} has {:.5}, and {:?} has {:.5}",
                named(&path),
                product(&path),
                named(best),
                product(best)
            )),
            _ => Ok(()),
        }
    });
}
