//! When a text ends, and what of it is shown.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::ops::ControlFlow;

use lt_generate::{
    Beam, Event, Finish, Generator, Length, Settings, StopStrings, Strategy, TableModel,
    TextStream, Written,
};
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::Strategy as Draws;

/// A model that writes this text, byte by byte, behind the start token 0; a byte is its own token.
/// The text must not have two bytes twice in the same order.
fn writes(text: &str) -> TableModel<impl Fn(Option<u32>, u32, u32) -> f32> {
    let ids: Vec<u32> = std::iter::once(0).chain(text.bytes().map(u32::from)).collect();
    TableModel::new(256, move |before, last, next| {
        let follows =
            |place: usize| ids[place - 1] == last && (place < 2 || before == Some(ids[place - 2]));
        match (1..ids.len()).find(|&place| follows(place)) {
            Some(place) => 20.0 * f32::from(u8::from(ids[place] == next)),
            None => 20.0 * f32::from(u8::from(next == 3)), // the end
        }
    })
}

fn bytes_to_text(ids: &[u32]) -> String {
    let bytes: Vec<u8> = ids.iter().map(|&id| id as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn settings() -> Settings {
    Settings { maximum: Length::New(100), end_tokens: vec![3], ..Settings::default() }
}

/// What is written, and the pieces that were shown meanwhile.
fn watched(text: &str, settings: Settings) -> (Written, Vec<String>) {
    let (model, decoder) = (writes(text), bytes_to_text);
    let mut pieces = Vec::new();
    let generator = Generator::new(&model, settings).unwrap().with_text(&decoder);
    let written = generator.generate_with(&[[0]], |event| {
        if let Event::Token { text, .. } = event {
            pieces.push(text.to_owned());
        }
        ControlFlow::Continue(())
    });
    (written.unwrap().remove(0), pieces)
}

#[test]
fn a_text_ends_with_an_end_token_which_is_not_shown() {
    let (written, pieces) = watched("中a", settings());
    assert_eq!(written.finish, Finish::EndToken(3));
    assert_eq!(written.new_ids(), [0xe4, 0xb8, 0xad, 0x61, 3]);
    assert_eq!(written.text, "中a");
    assert_eq!(pieces, ["", "", "中", "a", ""]);
}

#[test]
fn a_stop_string_that_straddles_tokens_is_never_shown() {
    let stop_strings = vec!["never".into(), "nde".into(), "nd".into()];
    let (written, pieces) = watched("the n: ende of it", Settings { stop_strings, ..settings() });
    // "nd" is complete first, at the same place.
    assert_eq!(written.finish, Finish::StopString(2));
    assert_eq!(written.text, "the n: e");
    assert_eq!(bytes_to_text(written.new_ids()), "the n: end");
    assert_eq!(pieces, ["t", "h", "e", " ", "", "n:", " ", "e", "", ""]);
}

#[test]
fn what_looked_like_a_stop_string_is_shown_at_the_end() {
    let stop_strings = vec!["ends".into()];
    let (written, _) = watched("the end", Settings { stop_strings, ..settings() });
    assert_eq!((written.finish, written.text.as_str()), (Finish::EndToken(3), "the end"));
    let stop_strings = vec!["ends".into()];
    let cut = Settings { maximum: Length::Total(7), stop_strings, ..settings() };
    let (written, _) = watched("the end", cut);
    assert_eq!((written.finish, written.text.as_str()), (Finish::MaximumLength, "the en"));
}

#[test]
fn half_a_character_is_shown_only_when_nothing_comes_any_more() {
    let (written, pieces) = watched("a😀", Settings { maximum: Length::New(4), ..settings() });
    assert_eq!(pieces, ["a", "", "", "\u{fffd}"]);
    assert_eq!(written.text, "a\u{fffd}");
}

#[test]
fn the_caller_may_end_it() {
    let model = writes("abcdef");
    let decoder = bytes_to_text;
    let stop_strings = vec!["cx".into()];
    let settings = Settings { stop_strings, ..settings() };
    let generator = Generator::new(&model, settings).unwrap().with_text(&decoder);
    let mut tokens = 0;
    let written = generator.generate_with(&[[0], [0]], |_| {
        tokens += 1;
        if tokens < 5 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let written = written.unwrap();
    assert_eq!(written.iter().map(|text| &text.text[..]).collect::<Vec<_>>(), ["abc", "ab"]);
    assert!(written.iter().all(|text| text.finish == Finish::Cancelled));
}

#[test]
fn the_caller_may_end_a_search() {
    let model = TableModel::new(4, |_, last, next| f32::from(last == next));
    for length in 1..4 {
        let beam = Beam { beams: 2, best: 2, ..Beam::default() };
        let settings = Settings { strategy: Strategy::Beam(beam), ..Settings::default() };
        let generator = Generator::new(&model, settings).unwrap();
        let written = generator.generate_with(&[[1]], |event| match event {
            Event::Beams { length: now, .. } if now < length => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        });
        let written = written.unwrap();
        assert_eq!(written[0].new_ids(), vec![1; length]);
        assert_eq!(written.len(), 2);
        assert!(written.iter().all(|text| text.finish == Finish::Cancelled));
    }
}

#[test]
fn a_full_context_ends_a_text_and_says_so() {
    for strategy in [Strategy::Greedy, Strategy::Beam(Beam { beams: 2, ..Beam::default() })] {
        let model = TableModel::new(4, |_, last, next| f32::from(last == next)).with_longest(5);
        let settings = Settings { strategy, ..Settings::default() };
        let generator = Generator::new(&model, settings).unwrap();
        let written = generator.generate(&[vec![1], vec![2; 5]]).unwrap();
        assert_eq!((written[0].ids.len(), written[0].finish), (6, Finish::ContextFull));
        assert_eq!((written[1].ids.len(), written[1].finish), (6, Finish::ContextFull));
    }
}

#[test]
fn no_new_tokens_are_none() {
    let model = TableModel::new(4, |_, _, _| 0.0);
    for strategy in [Strategy::Greedy, Strategy::Beam(Beam { beams: 2, ..Beam::default() })] {
        let settings = Settings { strategy, maximum: Length::New(0), ..Settings::default() };
        let written = Generator::new(&model, settings).unwrap().generate(&[[1, 2]]).unwrap();
        assert_eq!((&written[0].ids[..], written[0].finish), (&[1, 2][..], Finish::MaximumLength));
    }
    assert_eq!(model.passes(), 0);
    let none: [[u32; 1]; 0] = [];
    assert!(
        Generator::new(&model, Settings::default()).unwrap().generate(&none).unwrap().is_empty()
    );
}

/// A stop string ends a beam too: the text comes back with it, as far as ids go.
#[test]
fn a_stop_string_ends_a_beam() {
    let (model, decoder) = (writes("one two"), bytes_to_text);
    let settings = Settings {
        strategy: Strategy::Beam(Beam { beams: 2, ..Beam::default() }),
        stop_strings: vec![" t".into()],
        ..settings()
    };
    let generator = Generator::new(&model, settings).unwrap().with_text(&decoder);
    let written = generator.generate(&[[0]]).unwrap().remove(0);
    assert_eq!(written.finish, Finish::StopString(0));
    assert_eq!((&written.text[..], &bytes_to_text(written.new_ids())[..]), ("one", "one t"));
}

/// Text with characters of one to four bytes.
fn text() -> impl Draws<Value = String> {
    let character = prop::sample::select(vec!['a', 'b', ' ', 'é', '中', '文', '😀', '\u{301}']);
    prop::collection::vec(character, 0..30).prop_map(|characters| characters.into_iter().collect())
}

/// Word pieces: `##` joins a piece to the one before it, a space stands before the others but the
/// first.
fn pieces_to_text(ids: &[u32]) -> String {
    let pieces = ["play", "##ing", "##s", "the", "中", "##文", ".", "'"];
    let mut text = String::new();
    for &id in ids {
        let piece = pieces[id as usize];
        match piece.strip_prefix("##") {
            Some(rest) => text.push_str(rest),
            None if text.is_empty() || piece == "." => text.push_str(piece),
            None => text.extend([" ", piece]),
        }
    }
    text
}

proptest! {
    #[test]
    fn pieces_of_bytes_are_the_text_and_none_is_half_a_character(text in text()) {
        let mut stream = TextStream::new(&bytes_to_text);
        let mut shown = String::new();
        for (place, byte) in text.bytes().enumerate() {
            shown += &stream.push(byte.into());
            // As much as there is of whole characters.
            let whole = (0..=place + 1).rev().find(|&end| text.is_char_boundary(end)).unwrap();
            prop_assert_eq!(&shown, &text[..whole]);
        }
        prop_assert_eq!(stream.finish(), "");
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_they_are(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut stream = TextStream::new(&bytes_to_text);
        let mut shown: String = bytes.iter().map(|&byte| stream.push(byte.into())).collect();
        shown += &stream.finish();
        let letters = |text: &str| text.chars().filter(|&c| c != '\u{fffd}').collect::<String>();
        prop_assert_eq!(letters(&shown), letters(&String::from_utf8_lossy(&bytes)));
    }

    #[test]
    fn word_pieces_keep_their_spaces(ids in prop::collection::vec(0..8_u32, 0..30)) {
        let mut stream = TextStream::new(&pieces_to_text);
        let mut shown = String::new();
        for (place, &id) in ids.iter().enumerate() {
            shown += &stream.push(id);
            prop_assert_eq!(&shown, &pieces_to_text(&ids[..=place]));
        }
    }

    #[test]
    fn however_a_text_is_cut_it_ends_at_the_same_place(
        text in text(), cuts in prop::collection::vec(0..30_usize, 0..8),
        strings in prop::collection::vec("[ab中😀]{1,3}", 0..3),
    ) {
        let characters: Vec<char> = text.chars().collect();
        let mut cuts: Vec<usize> =
            cuts.into_iter().map(|cut| cut.min(characters.len())).chain([0, characters.len()]).collect();
        cuts.sort_unstable();
        let (mut stop, mut shown, mut by) = (StopStrings::new(strings.clone()), String::new(), None);
        for cut in cuts.windows(2) {
            let piece: String = characters[cut[0]..cut[1]].iter().collect();
            let seen = stop.push(&piece);
            shown += &seen.text;
            by = seen.stopped_by;
            if by.is_some() {
                break;
            }
        }
        shown += &stop.finish();
        // The string that is complete first may begin behind another one; what is shown never
        // holds any, and is the beginning of the text.
        prop_assert!(text.starts_with(&shown));
        prop_assert!(!strings.iter().any(|string| shown.contains(string)));
        match by {
            Some(number) => prop_assert!(text[shown.len()..].starts_with(&strings[number])),
            None => {
                prop_assert_eq!(&shown, &text);
                prop_assert!(!strings.iter().any(|string| text.contains(string)));
            }
        }
    }
}

/// Each token is decoded a few times: the work grows with the text, not with its square.
#[test]
fn a_long_text_is_decoded_in_linear_time() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let work = AtomicUsize::new(0);
    let decoder = |ids: &[u32]| {
        work.fetch_add(ids.len(), Ordering::Relaxed);
        bytes_to_text(ids)
    };
    for bytes in [vec![0x61; 5000], vec![0xff; 5000], "中文😀".bytes().cycle().take(5000).collect()]
    {
        work.store(0, Ordering::Relaxed);
        let mut stream = TextStream::new(&decoder);
        bytes.iter().for_each(|&byte| drop(stream.push(byte.into())));
        assert!(work.load(Ordering::Relaxed) < 15 * 5000, "{}", work.load(Ordering::Relaxed));
    }
}
