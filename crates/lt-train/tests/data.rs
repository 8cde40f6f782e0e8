//! Records of files, and their way into the shards of steps.
#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use lt_train::Batches;
use lt_train::data::{
    BadRows, Budget, Checked, Conll, Corpus, Csv, DataError, Drawn, Epochs, Examples, Format,
    InMemory, JsonLines, LabelSet, Mix, Order, Reading, Streamed, TextLines,
};
use proptest::prelude::*;

struct Files {
    dir: tempfile::TempDir,
    paths: Vec<PathBuf>,
}

fn files(contents: &[impl AsRef<[u8]>]) -> Files {
    let dir = tempfile::tempdir().unwrap();
    let write = |(number, content): (usize, &_)| {
        let path = dir.path().join(format!("{number}.txt"));
        fs::write(&path, AsRef::<[u8]>::as_ref(content)).unwrap();
        path
    };
    let paths = contents.iter().enumerate().map(write).collect();
    Files { dir, paths }
}

fn open<F: Format>(files: &Files, format: F, reading: Reading) -> Result<Corpus<F>, DataError> {
    Corpus::open(&files.paths, format, reading)
}

fn all<F: Format>(corpus: &Corpus<F>) -> Vec<F::Record> {
    corpus.records().map(Result::unwrap).collect()
}

fn skipping() -> Reading {
    let mut reading = Reading::default();
    reading.bad_rows = BadRows::Skip;
    reading
}

fn in_blocks(bytes: u64) -> Reading {
    let mut reading = Reading::default();
    reading.block = bytes;
    reading
}

#[test]
fn text_is_a_record_a_line_whatever_the_ends_of_lines() {
    let files = files(&["\u{feff}a b\r\n\r\n  \nc", "", "\u{feff}d\n"]);
    let corpus = open(&files, TextLines, Reading::default()).unwrap();
    assert_eq!(all(&corpus), ["a b", "c", "d"]);
    assert_eq!((corpus.len(), corpus.skipped().count), (3, 0));
    let one = self::files(&["one line"]);
    assert_eq!(all(&open(&one, TextLines, Reading::default()).unwrap()), ["one line"]);
}

#[test]
fn json_lines_and_tables_have_the_fields_that_were_asked_for() {
    let json = files(&["{\"a\": \"x\\ny\", \"b\": 1}\n{\"b\": true, \"a\": \"\"}\n"]);
    let corpus = open(&json, JsonLines::new(["b", "a"]), Reading::default()).unwrap();
    assert_eq!(all(&corpus), [["1", "x\ny"], ["true", ""]]);
    // Each file has its own order of columns; a quoted field goes over lines and blocks.
    let csv = files(&["a,b\n1,\"two\nlines, and \"\"more\"\"\"\n3,4\n", "b,a\r\n5,6\r\n"]);
    for reading in [Reading::default(), in_blocks(1)] {
        let corpus = open(&csv, Csv::named(["a", "b"]), reading).unwrap();
        assert_eq!(all(&corpus), [["1", "two\nlines, and \"more\""], ["3", "4"], ["6", "5"]]);
        let blocks: Vec<_> = (0..corpus.blocks()).flat_map(|b| corpus.read(b).unwrap()).collect();
        assert_eq!(blocks, all(&corpus));
    }
    let error = open(&csv, Csv::named(["c"]), Reading::default()).unwrap_err().to_string();
    assert!(error.ends_with("0.txt`: no column `c`, expected it beside `a`, `b`"), "{error}");
}

#[test]
fn sentences_are_words_with_tags() {
    let conll = files(&["-DOCSTART- -X- O\n\nAda B-PER\nist O\n \n\n\nda\tO\n# O"]);
    let corpus = open(&conll, Conll::default(), Reading::default()).unwrap();
    let words: Vec<_> = all(&corpus).into_iter().map(|sentence| sentence.words).collect();
    assert_eq!(words, [vec![], vec!["Ada", "ist"], vec!["da", "#"]]);
    assert_eq!(all(&corpus)[1].tags, ["B-PER", "O"]);
    let swapped = Conll::columns(1, 0).record(None, "B-PER Ada").unwrap();
    assert_eq!((swapped.words, swapped.tags), (vec!["Ada".into()], vec!["B-PER".into()]));
}

#[test]
fn a_bad_row_is_named_by_file_and_line_or_skipped_and_counted() {
    let long = "x".repeat(3 << 20);
    let bad = [b"good\n\nnot \xff utf-8\n".as_slice(), long.as_bytes(), b"\ngood\n"].concat();
    let files = files(&[b"good".to_vec(), bad]);
    let error = open(&files, TextLines, Reading::default()).unwrap_err().to_string();
    assert!(error.contains("1.txt`, line 3: byte 4 of it is not UTF-8"), "{error}");
    let corpus = open(&files, TextLines, skipping()).unwrap();
    assert_eq!(all(&corpus), ["good", "good", "good"]);
    let skipped = corpus.skipped();
    assert_eq!(skipped.first.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 4]);
    assert_eq!((skipped.count, &skipped.first[0].path), (2, &files.paths[1]));
    assert!(skipped.first[1].reason.contains("more than 1048576 bytes"));

    let bad_line = |format: &dyn Fn(&Files) -> DataError, content: &str, line: u64, what: &str| {
        let error = format(&self::files(&[content]));
        let text = error.to_string();
        assert!(matches!(error, DataError::BadRow { line: at, .. } if at == line), "{text}");
        assert!(text.contains(what), "{text}");
    };
    let json = |files: &Files| open(files, JsonLines::new(["a"]), Reading::default()).unwrap_err();
    bad_line(&json, "{\"a\": \"\"}\n{", 2, "not JSON");
    bad_line(&json, "\n[]", 2, "no object");
    bad_line(&json, "{\"b\": 1}", 1, "no field `a`, expected it beside `b`");
    bad_line(&json, "{\"a\": []}", 1, "field `a` is no text");
    let csv = |files: &Files| open(files, Csv::named(["a"]), Reading::default()).unwrap_err();
    bad_line(&csv, "a,b\n1,2\n3\n", 3, "1 columns, expected 2");
    bad_line(&csv, "a,b\n\"1,2\n3,4\n", 2, "a quote that is never closed");
    let conll = |files: &Files| open(files, Conll::default(), Reading::default()).unwrap_err();
    bad_line(&conll, "a O\n\nb O\nc\n", 3, "its line 2 has 1 columns, expected at least 2");
}

#[test]
fn a_label_that_is_none_is_a_bad_row() {
    let files = files(&["text,label\nfine,good\nso so,middling\n"]);
    let labelled = || {
        let labels = LabelSet::new(["bad", "good"]);
        Checked::new(Csv::named(["label"]), move |record: Vec<String>| labels.id(&record[0]))
    };
    let error = open(&files, labelled(), Reading::default()).unwrap_err().to_string();
    let expected = "line 3: label `middling`, expected one of `bad`, `good`";
    assert!(error.contains(expected), "{error}");
    let corpus = open(&files, labelled(), skipping()).unwrap();
    assert_eq!((all(&corpus), corpus.skipped().count), (vec![1], 1));
}

#[test]
fn no_record_is_an_error_that_says_where_there_is_none() {
    let error = |contents: &[&str], reading| {
        open(&files(contents), JsonLines::new(["a"]), reading).unwrap_err().to_string()
    };
    assert!(error(&["\n \n", ""], Reading::default()).contains("1.txt`: expected at least one"));
    assert!(error(&["{\n[\n"], skipping()).contains("all 2 rows are bad"));
    assert!(error(&[], Reading::default()).contains("no record in no file"));
    let missing = Corpus::open(["/nowhere/at/all"], TextLines, Reading::default()).unwrap_err();
    assert_eq!(missing.to_string(), "cannot read `/nowhere/at/all`");
    let files = files(&["a"]);
    let folder = Corpus::open([files.dir.path()], TextLines, Reading::default()).unwrap_err();
    assert!(matches!(folder, DataError::Read { .. }));
}

#[test]
fn a_file_that_changes_meanwhile_is_an_error() {
    let files = files(&["a\nb\nc\n"]);
    let corpus = open(&files, TextLines, Reading::default()).unwrap();
    fs::write(&files.paths[0], "a\n").unwrap();
    let error = corpus.read(0).unwrap_err();
    assert!(error.to_string().contains("has changed since its records were counted, near line 1"));
}

/// Any text as files, with all kinds of line ends.
fn contents() -> impl Strategy<Value = Vec<String>> {
    let line = prop_oneof![4 => "[ab爱\"]{1,6}", 1 => Just(String::new()), 1 => "[ ]{1,3}"];
    let end = prop::sample::select(vec!["\n", "\r\n", "\n\n"]);
    let file = prop::collection::vec((line, end), 0..12)
        .prop_map(|lines| lines.into_iter().flat_map(|(line, end)| [line, end.into()]).collect());
    prop::collection::vec(file, 1..4)
}

proptest! {
    /// Reading on from any place gives the rest, and blocks of any size are all of it.
    #[test]
    fn reading_goes_on_where_it_ended(contents in contents(), block in 1_u64..40) {
        let files = files(&contents);
        let Ok(corpus) = open(&files, TextLines, in_blocks(block)) else { return Ok(()) };
        let expected: Vec<&str> =
            contents.iter().flat_map(|file| file.lines()).filter(|l| !l.trim().is_empty()).collect();
        prop_assert_eq!(all(&corpus), expected.clone());
        let blocks: Vec<_> = (0..corpus.blocks()).flat_map(|b| corpus.read(b).unwrap()).collect();
        prop_assert_eq!(blocks, expected.clone());
        let mut records = corpus.records();
        for read in 0..=expected.len() {
            let rest = corpus.records_from(records.place()).map(Result::unwrap).collect::<Vec<_>>();
            prop_assert_eq!(&rest[..], &expected[read..]);
            let next = records.next().map(Result::unwrap);
            prop_assert_eq!(next.as_deref(), expected.get(read).copied());
        }
    }

    /// Each epoch has every example once, in an order of its own that the seed decides.
    #[test]
    fn an_epoch_has_every_example_once(
        blocks in prop::collection::vec(0_u32..9, 1..20), seed: u64, mix in 1_usize..6,
    ) {
        let order = Order::Shuffled { seed, mix: Mix(mix) };
        let count = blocks.iter().sum::<u32>();
        let (first, second) = (order.examples(&blocks, 0), order.examples(&blocks, 1));
        for epoch in [&first, &second] {
            let mut sorted = epoch.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..count).collect::<Vec<_>>());
        }
        prop_assert_eq!(&first, &order.examples(&blocks, 0));
        if count > 20 {
            prop_assert_ne!(first, second);
        }
    }

    /// Steps are within their budget, have every example once, and shards as even as can be.
    #[test]
    fn steps_keep_to_their_budget_and_shards_are_even(
        lengths in prop::collection::vec(1_u32..50, 1..60), tokens in 1_usize..200, shards in 1_usize..6,
    ) {
        let budget = Budget::tokens(tokens, shards);
        let ends = budget.steps(lengths.iter().copied());
        prop_assert_eq!(ends.last(), Some(&(lengths.len() as u32)));
        let mut begin = 0;
        for end in ends {
            let step = &lengths[begin..end as usize];
            let total: u32 = step.iter().sum();
            prop_assert!(total as usize <= tokens || step.len() == 1);
            let cut = budget.shards(step);
            prop_assert_eq!(cut.len(), shards.min(step.len()));
            let all: BTreeSet<usize> = cut.iter().flatten().copied().collect();
            prop_assert_eq!((all.len(), cut.iter().map(Vec::len).sum::<usize>()), (step.len(), step.len()));
            // The fullest has at most its share and one example more.
            let fullest = cut.iter().map(|s| s.iter().map(|e| step[*e]).sum::<u32>()).max().unwrap();
            let longest = *step.iter().max().unwrap();
            prop_assert!(fullest <= total / cut.len() as u32 + longest);
            begin = end as usize;
        }
    }
}

type Shards = Vec<Vec<Drawn<Vec<u32>>>>;

/// Steps asked for in any order are those asked for one after another.
#[test]
fn a_step_is_a_function_of_its_number() {
    let examples = InMemory::new((1..40_u32).map(|n| vec![n; n as usize % 7 + 1]).collect());
    let make = || {
        let collate = |drawn: Vec<Drawn<Vec<u32>>>| Ok(drawn);
        Epochs::new(examples.clone(), Budget::tokens(20, 3), Order::shuffled(5), collate).unwrap()
    };
    let epochs = make();
    let steps = epochs.steps(3);
    let forwards: Vec<Shards> = (0..steps).map(|step| epochs.shards(step).unwrap()).collect();
    for step in (0..steps).rev() {
        assert_eq!(make().shards(step).unwrap(), forwards[step as usize]);
        assert_eq!(epochs.shards(step).unwrap(), forwards[step as usize]);
    }
    let mut seen: Vec<Vec<u64>> = vec![Vec::new(); 3];
    for (step, shards) in forwards.iter().enumerate() {
        let position = epochs.position(step as u64);
        assert_eq!(seen[position.epoch as usize].len() as u64, position.offset);
        for drawn in shards.iter().flatten() {
            assert_eq!(drawn.epoch, position.epoch);
            seen[drawn.epoch as usize].push(drawn.number);
        }
    }
    assert_ne!(seen[0], seen[1]);
    for mut epoch in seen {
        epoch.sort_unstable();
        assert_eq!(epoch, (0..39).collect::<Vec<_>>());
    }
}

/// Examples of files are those of the same records in memory; few blocks are in memory.
#[test]
fn examples_of_files_are_those_in_memory() {
    let lines: Vec<String> = (0..200).map(|n| format!("{n} {}", "x".repeat(n % 13))).collect();
    let files = files(&[lines[..90].join("\n"), lines[90..].join("\r\n")]);
    let encode = |lines: Vec<String>| {
        Ok(lines
            .iter()
            .map(|line| line.bytes().map(u32::from).collect())
            .collect::<Vec<Vec<u32>>>())
    };
    let order = Order::Shuffled { seed: 3, mix: Mix(2) };
    let corpus = open(&files, TextLines, in_blocks(100)).unwrap();
    assert!(corpus.blocks() > 10);
    let streamed = Streamed::new(corpus, order, encode).unwrap();
    let memory = InMemory::new(encode(lines).unwrap());
    assert_eq!(streamed.lengths(), memory.lengths());
    let numbers = order.examples(streamed.blocks(), 4);
    for chosen in numbers.chunks(7) {
        assert_eq!(streamed.get(chosen).unwrap(), memory.get(chosen).unwrap());
    }
    assert!(streamed.get(&[200]).is_err());
}

#[test]
fn settings_and_data_that_cannot_be_are_refused() {
    let collate = |drawn: Vec<Drawn<Vec<u32>>>| Ok(drawn);
    let none = InMemory::new(vec![vec![]]);
    let error = Epochs::new(none, Budget::tokens(9, 1), Order::AsStored, collate).unwrap_err();
    assert!(matches!(error, DataError::NoExamples { .. }));
    let some = InMemory::new(vec![vec![1]]);
    let error = Epochs::new(some, Budget::tokens(9, 0), Order::AsStored, collate).unwrap_err();
    assert_eq!(error.to_string(), "the shards of a step is 0, expected at least 1");
    let files = files(&["a"]);
    let corpus = open(&files, TextLines, Reading::default()).unwrap();
    let refuse = |_: Vec<String>| Err::<Vec<Vec<u32>>, _>("no such token".into());
    let error = Streamed::new(corpus, Order::AsStored, refuse).unwrap_err();
    assert_eq!(error.to_string(), "the examples of block 0 of 1 could not be made");
}
