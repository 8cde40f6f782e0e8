//! Relative positions: the laws of buckets, and transformers' numbers.

use lt_embedding::lt_core::{Scratch, Weight};
use lt_embedding::{Buckets, Embedding, RelativeBias};
use lt_laws::buckets;
use lt_laws::sample::weight;

#[test]
fn buckets_obey_their_laws() {
    for (count, farthest) in [(32, 128), (8, 16), (16, 40), (128, 1000), (4, 2), (12, 50)] {
        let of = Buckets::new(count, farthest).unwrap();
        buckets::all(count, farthest, |distance| of.of(distance));
    }
}

/// The first distance before the query of each bucket, as `_relative_position_bucket` of
/// transformers 5.23 has them with PyTorch's f32 logarithms.
#[test]
fn buckets_begin_where_those_of_transformers_do() {
    let cases: [(usize, usize, &[usize]); 6] = [
        (32, 128, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91]),
        (8, 16, &[0, 1, 2, 6]),
        (16, 40, &[0, 1, 2, 3, 4, 8, 13, 23]),
        (12, 50, &[0, 1, 2, 3, 8, 20]),
        (32, 20, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 18]),
        (4, 2, &[0, 1]),
    ];
    for (count, farthest, expected) in cases {
        let buckets = Buckets::new(count, farthest).unwrap();
        let of = |distance: usize| buckets.of(-(distance as isize));
        let distances = 0..2 * farthest + 2;
        let begins = |&distance: &usize| distance == 0 || of(distance) != of(distance - 1);
        assert_eq!(distances.filter(begins).collect::<Vec<_>>(), expected, "{count}, {farthest}");
        for distance in 1..2 * farthest {
            assert_eq!(buckets.of(distance as isize), of(distance) + count / 2);
        }
    }
}

#[test]
fn each_distance_has_the_number_of_its_bucket() {
    let (table, buckets) = (weight(&[34, 3], 1), Buckets::new(32, 128).unwrap());
    let bias = RelativeBias::new(Embedding::new(table.clone()).unwrap(), buckets).unwrap();
    let numbers = bias.by_distance(&mut Scratch::new());
    assert_eq!(numbers.dim(), (3, 257));
    for ((head, place), number) in numbers.indexed_iter() {
        let bucket = buckets.of(place as isize - 128);
        assert_eq!(*number, table.matrix()[[bucket, head]], "{head}, {place}");
    }
}

#[test]
fn buckets_that_cannot_be_are_refused() {
    for (count, farthest) in [(0, 9), (2, 9), (6, 9), (132, 999), (8, 2), (8, 1 << 17)] {
        let error = Buckets::new(count, farthest).unwrap_err().to_string();
        assert!(error.contains("Buckets::new"), "{error}");
    }
    let table = Embedding::new(Weight::zeros(&[31, 2])).unwrap();
    assert!(RelativeBias::new(table, Buckets::new(32, 128).unwrap()).is_err());
}
