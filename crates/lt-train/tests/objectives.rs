//! Laws of what is hidden, taken out and labelled.
#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::collections::BTreeMap;

use lt_train::data::Drawn;
use lt_train::objective::{
    AnswerShard, AnswerWindow, Masking, Sequence, SpanCorruption, TaggedSequence, TokenBatch,
    Whole, first_pieces, next_tokens,
};
use proptest::prelude::*;

const MASK: u32 = 4;

/// Texts of ids from 10 on between special tokens, in words of one to three tokens.
fn sequences() -> impl Strategy<Value = Sequence> {
    prop::collection::vec((1_usize..4, 10_u32..1000), 0..40).prop_map(|words| {
        let (mut ids, mut of) = (vec![2], vec![None]);
        for (word, (tokens, id)) in words.into_iter().enumerate() {
            ids.extend((0..tokens as u32).map(|more| id + more));
            of.extend(vec![Some(word as u32); tokens]);
        }
        ids.push(3);
        of.push(None);
        let special = of.iter().map(Option::is_none).collect();
        Sequence::new(ids).special(special).words(of)
    })
}

fn masking(seed: u64, whole: Whole) -> Masking {
    Masking::new(seed, MASK, 0..1010).never([0, 1, 2, 3, MASK]).whole(whole)
}

/// Within five standard deviations of a binomial distribution: for a fixed seed that is a fact, and
/// for a wrong rate it fails.
#[track_caller]
fn is_rate(hits: usize, of: usize, rate: f64) {
    let deviation = (of as f64 * rate * (1.0 - rate)).sqrt();
    let off = (hits as f64 - of as f64 * rate).abs();
    assert!(off <= 5.0 * deviation, "{hits} of {of}, expected {rate}");
    assert!(deviation < 0.02 * of as f64, "too few to tell");
}

#[test]
fn masking_hits_its_rates() {
    for whole in [Whole::Token, Whole::Word] {
        let masking = masking(1, whole);
        let words = (0..200).map(Some).flat_map(|word| [word, word]).collect();
        let text = Sequence::new((10..410).collect()).words(words);
        let (mut chosen, mut masked, mut kept, mut drawn) = (0, 0, 0, BTreeMap::new());
        for number in 0..200 {
            let hidden = masking.hide(&text, number, 0);
            for (place, label) in &hidden.labels {
                assert_eq!(*label, text.ids[*place]);
                chosen += 1;
                match hidden.ids[*place] {
                    MASK => masked += 1,
                    id if id == *label => kept += 1,
                    other => *drawn.entry(other).or_insert(0) += 1,
                }
            }
        }
        // A word of two tokens is one draw.
        let each = if whole == Whole::Word { 2 } else { 1 };
        is_rate(chosen / each, 80_000 / each, 0.15);
        is_rate(masked, chosen, 0.8);
        is_rate(kept, chosen, 0.1);
        let replaced: usize = drawn.values().sum();
        is_rate(replaced, chosen, 0.1);
        assert!(drawn.keys().all(|id| (5..1010).contains(id)));
        is_rate(drawn.iter().filter(|(id, _)| **id < 510).map(|(_, n)| n).sum(), replaced, 0.5);
    }
}

#[test]
fn spans_hit_their_rate_and_their_length() {
    let corruption = SpanCorruption::new(1, (900..1000).collect());
    let text: Vec<u32> = (0..200).collect();
    let mut begins = vec![0; 200];
    for number in 0..400 {
        let corrupted = corruption.corrupt(&text, number, 0).unwrap();
        assert_eq!(corrupted.target.len(), 30 + 10); // 15 % in spans of 3
        assert_eq!(corrupted.input.len(), 170 + 10);
        for id in corrupted.target.iter().filter(|id| **id < 900) {
            begins[*id as usize] += 1;
        }
    }
    // The first token stays, the last goes: in between no half has more.
    assert_eq!((begins[0], begins[199]), (0, 400));
    let between: usize = begins[20..180].iter().sum();
    is_rate(begins[20..100].iter().sum(), between, 0.5);
}

proptest! {
    #[test]
    fn special_tokens_are_never_hidden_and_something_always_is(
        sequence in sequences(), seed: u64, epoch in 0_u64..3, rate in 0.0..1.0,
    ) {
        for whole in [Whole::Token, Whole::Word] {
            let mut masking = masking(seed, whole);
            masking.rate = rate;
            let hidden = masking.hide(&sequence, 9, epoch);
            prop_assert!(hidden.labels.iter().all(|(place, _)| !sequence.special[*place]));
            prop_assert_eq!(hidden.labels.is_empty(), sequence.ids.len() == 2);
            prop_assert!(hidden.labels.windows(2).all(|pair| pair[0].0 < pair[1].0));
            let mut restored = hidden.ids.clone();
            hidden.labels.iter().for_each(|(place, id)| restored[*place] = *id);
            prop_assert_eq!(&restored, &sequence.ids);
        }
    }

    #[test]
    fn a_word_is_hidden_whole(sequence in sequences(), seed: u64) {
        let hidden = masking(seed, Whole::Word).hide(&sequence, 0, 0);
        let chosen: Vec<usize> = hidden.labels.iter().map(|(place, _)| *place).collect();
        for place in &chosen {
            let word = sequence.words[*place];
            for (other, of) in sequence.words.iter().enumerate() {
                prop_assert!(*of != word || chosen.contains(&other));
            }
        }
    }

    /// What becomes of a sequence does not depend on what else is in its batch.
    #[test]
    fn a_sequence_has_the_same_mask_in_any_batch(
        sequences in prop::collection::vec(sequences(), 1..6), seed: u64, epoch in 0_u64..3,
    ) {
        let masking = masking(seed, Whole::Token);
        let drawn: Vec<_> =
            sequences.into_iter().zip(0..).map(|(of, number)| Drawn::new(of, number, epoch)).collect();
        let together = masking.shard(&drawn);
        let backwards: Vec<_> = drawn.iter().rev().cloned().collect();
        let backwards = masking.shard(&backwards);
        let mut ranges: Vec<_> = backwards.batch.sequences.ranges().collect();
        ranges.reverse();
        for ((of, range), other) in drawn.iter().zip(together.batch.sequences.ranges()).zip(ranges) {
            let alone = masking.shard(std::slice::from_ref(of));
            prop_assert_eq!(&together.batch.ids[range.clone()], &alone.batch.ids[..]);
            prop_assert_eq!(&backwards.batch.ids[other], &alone.batch.ids[..]);
            let rows = together.rows.iter().zip(&together.labels);
            let rows: Vec<_> = rows.filter(|(row, _)| range.contains(&(**row as usize))).collect();
            let moved = alone.rows.iter().map(|row| row + range.start as u32);
            prop_assert_eq!(rows.iter().map(|(row, _)| **row).collect::<Vec<_>>(), moved.collect::<Vec<_>>());
            prop_assert_eq!(rows.iter().map(|(_, l)| **l).collect::<Vec<_>>(), alone.labels);
        }
    }

    #[test]
    fn another_epoch_has_another_mask(seed: u64) {
        let text = Sequence::new((10..110).collect());
        let masking = masking(seed, Whole::Token);
        prop_assert_ne!(masking.hide(&text, 3, 0).labels, masking.hide(&text, 3, 1).labels.clone());
        prop_assert_ne!(masking.hide(&text, 3, 1).labels, masking.hide(&text, 4, 1).labels);
    }

    #[test]
    fn what_was_taken_out_can_be_put_back(
        ids in prop::collection::vec(10_u32..90, 0..80), seed: u64, gaps in 1_u32..9,
        rate in 0.0..1.0, mean_span in 1.0..6.0, end: bool,
    ) {
        let mut corruption = SpanCorruption::new(seed, (100..100 + gaps).collect());
        (corruption.rate, corruption.mean_span) = (rate, mean_span);
        corruption.end = end.then_some(1);
        let Some(corrupted) = corruption.corrupt(&ids, 5, 0) else {
            prop_assert!(ids.len() < 2);
            return Ok(());
        };
        prop_assert_eq!(corruption.restore(&corrupted.input, &corrupted.target), Some(ids.clone()));
        let gaps = |part: &[u32]| part.iter().copied().filter(|id| *id >= 100).collect::<Vec<_>>();
        prop_assert_eq!(gaps(&corrupted.input), gaps(&corrupted.target));
        prop_assert!(corrupted.input.len() < ids.len() + 1 + usize::from(end) + gaps(&corrupted.input).len());
        prop_assert_eq!(Some(corrupted), corruption.corrupt(&ids, 5, 0));
    }

    /// Each row that has a label is followed by it.
    #[test]
    fn the_next_token_is_the_label(sequences in prop::collection::vec(sequences(), 1..5), given in 0_usize..9) {
        let drawn: Vec<_> =
            sequences.into_iter().map(|of| Drawn::new(of.given(given), 0, 0)).collect();
        let shard = next_tokens(&drawn);
        let of_row: BTreeMap<u32, u32> = shard.rows.iter().copied().zip(shard.labels.clone()).collect();
        for range in shard.batch.sequences.ranges() {
            for row in range.clone() {
                let next = (row + 1 < range.end && row + 1 - range.start >= given)
                    .then(|| shard.batch.ids[row + 1]);
                prop_assert_eq!(of_row.get(&(row as u32)).copied(), next);
            }
        }
        prop_assert!(shard.predict_at().is_ok());
    }

    #[test]
    fn a_word_has_its_label_once(sequence in sequences()) {
        let words = sequence.words.iter().flatten().max().map_or(0, |last| last + 1);
        let tagged = TaggedSequence::new(sequence.clone(), (100..100 + words).collect()).unwrap();
        let shard = first_pieces(&[Drawn::new(tagged, 0, 0)]);
        prop_assert_eq!(shard.labels, (100..100 + words).collect::<Vec<_>>());
        for (row, word) in shard.rows.iter().zip(0..) {
            prop_assert_eq!(sequence.words[*row as usize], Some(word));
            prop_assert_ne!(sequence.words[*row as usize - 1], Some(word));
        }
    }
}

#[test]
fn a_word_without_a_label_is_refused() {
    let sequence = Sequence::new(vec![1, 2]).words(vec![Some(0), Some(1)]);
    let error = TaggedSequence::new(sequence, vec![7]).unwrap_err();
    assert!(error.to_string().contains("1 for 2 words"), "{error}");
}

#[test]
fn segments_and_answers_stay_with_their_sequence() {
    let plain = Sequence::new(vec![1, 2]);
    let pair = Sequence::new(vec![3, 4, 5]).segments(vec![0, 1, 1]);
    let batch = TokenBatch::of([(0, &plain), (1, &pair), (2, &plain)]);
    assert_eq!(batch.segments, Some(vec![0, 0, 0, 1, 1, 0, 0]));
    let window =
        AnswerWindow::new(pair, &[0..0, 0..4, 5..9], &[None, Some(1), Some(1)], Some(5..6));
    let shard = AnswerShard::of_drawn(&[Drawn::new(window, 7, 0)]);
    assert_eq!((shard.answers, shard.batch.numbers), (vec![[2, 2]], vec![7]));
}
