//! What cannot be is an error that says what to do.

#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_generate::{
    Beam, Buffers, GenerateError, Generator, Length, LogitsProcessor, Prefix, Sampling, Settings,
    Strategy, TableModel,
};

fn refused(settings: Settings) -> String {
    let model = TableModel::new(4, |_, _, next| next as f32).with_longest(8);
    let generator = Generator::new(&model, settings);
    let result = generator.and_then(|generator| generator.generate(&[vec![1], vec![1, 2, 3]]));
    result.unwrap_err().to_string()
}

fn sampling(sampling: Sampling) -> Settings {
    Settings { strategy: Strategy::Sample(sampling), ..Settings::default() }
}

fn beam(beam: Beam) -> Settings {
    Settings { strategy: Strategy::Beam(beam), ..Settings::default() }
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let plain = Sampling::default;
    let cases = [
        (
            sampling(Sampling { temperature: 0.0, ..plain() }),
            "temperature is 0, expected a number above 0; greedy search is a strategy of its own",
        ),
        (
            sampling(Sampling { temperature: f32::NAN, ..plain() }),
            "temperature is NaN, expected a number above 0",
        ),
        (
            sampling(Sampling { top_k: Some(0), ..plain() }),
            "top_k is 0, expected at least 1: leave it out to keep all",
        ),
        (
            sampling(Sampling { top_p: Some(0.0), ..plain() }),
            "top_p is 0, expected above 0 and at most 1",
        ),
        (
            sampling(Sampling { top_p: Some(1.5), ..plain() }),
            "top_p is 1.5, expected above 0 and at most 1",
        ),
        (
            sampling(Sampling { min_p: Some(-0.1), ..plain() }),
            "min_p is -0.1, expected at least 0 and at most 1",
        ),
        (beam(Beam { beams: 0, ..Beam::default() }), "beams is 0, expected 1 to 4"),
        (
            beam(Beam { beams: 5, ..Beam::default() }),
            "beams is 5, expected 1 to 4, as many as there are tokens",
        ),
        (
            beam(Beam { beams: 2, best: 3, ..Beam::default() }),
            "best is 3, expected 1 to 2, the number of beams",
        ),
        (
            beam(Beam { length_penalty: f32::NAN, ..Beam::default() }),
            "length_penalty is NaN, expected a number",
        ),
        (
            Settings { repetition_penalty: Some(0.0), ..Settings::default() },
            "repetition_penalty is 0, expected a number above 0",
        ),
        (
            Settings { presence_penalty: Some(f32::NAN), ..Settings::default() },
            "presence_penalty is NaN, expected a number",
        ),
        (
            Settings { frequency_penalty: Some(f32::INFINITY), ..Settings::default() },
            "frequency_penalty is inf, expected a number",
        ),
        (
            Settings { no_repeat_ngram: Some(0), ..Settings::default() },
            "no_repeat_ngram is 0, expected at least 1",
        ),
        (
            Settings { bad_words: vec![vec![]], ..Settings::default() },
            "bad_words is an empty sequence, expected at least one token",
        ),
        (
            Settings { stop_strings: vec![String::new()], ..Settings::default() },
            "stop_strings is an empty string",
        ),
        (
            Settings { stop_strings: vec!["a".into()], ..Settings::default() },
            "stop strings need text: give a decoder to `Generator::with_text`",
        ),
        (
            Settings { end_tokens: vec![2, 4], ..Settings::default() },
            "the end token 4 is not in the vocabulary, expected an id below 4",
        ),
        (
            Settings { bad_words: vec![vec![9]], ..Settings::default() },
            "a token of a bad word, 9 is not in the vocabulary",
        ),
        (
            Settings { forced_first: Some(7), ..Settings::default() },
            "the forced first token 7 is not in the vocabulary",
        ),
        (
            Settings { forced_last: vec![7], ..Settings::default() },
            "the forced last token 7 is not in the vocabulary",
        ),
        (
            Settings { suppressed: vec![7], ..Settings::default() },
            "the suppressed token 7 is not in the vocabulary",
        ),
        (
            Settings { suppressed_at_begin: vec![7], ..Settings::default() },
            "the token suppressed at the beginning, 7 is not in the vocabulary",
        ),
        (
            Settings { minimum: Length::New(5), maximum: Length::Total(7), ..Settings::default() },
            "sequence 1 is to have at least 8 tokens with its prompt, but at most 7: lower the minimum or raise the maximum",
        ),
    ];
    for (settings, expected) in cases {
        let got = refused(settings);
        assert!(got.starts_with(expected), "{got}\nexpected {expected}");
    }
}

#[test]
fn rules_that_leave_nothing_are_named() {
    let all_but = |ids: Vec<u32>| Settings { suppressed: ids, ..Settings::default() };
    let expected = "no token is allowed at place 1 of sequence 0: Suppress forbade the last one";
    assert!(refused(all_but(vec![0, 1, 2, 3])).starts_with(expected));
    let beams = Strategy::Beam(Beam { beams: 2, ..Beam::default() });
    let got = refused(Settings { strategy: beams, ..all_but(vec![0, 1, 2, 3]) });
    assert!(got.starts_with(expected), "{got}");
    // After 1: three others, then none.
    let got = refused(Settings { no_repeat_ngram: Some(1), ..Settings::default() });
    let expected =
        "no token is allowed at place 4 of sequence 1: NoRepeatNGram forbade the last one";
    assert!(got.starts_with(expected) || got.contains("of sequence 0"), "{got}");
}

#[test]
fn prompts_that_cannot_be_continued_are_refused_beforehand() {
    let model = TableModel::new(4, |_, _, next| next as f32).with_longest(3);
    let generator = Generator::new(&model, Settings::default()).unwrap();
    let cases: [(&[u32], &str); 3] = [
        (
            &[],
            "prompt 1, counted from 0, is empty, expected at least one token: begin with the model's start token",
        ),
        (
            &[1; 4],
            "prompt 1, counted from 0, has 4 tokens, expected at most 3, the model's longest text: cut it at its beginning",
        ),
        (
            &[1, 4],
            "a token of prompt 1, 4 is not in the vocabulary, expected an id below 4: was it made with this model's own tokenizer?",
        ),
    ];
    for (prompt, expected) in cases {
        let error = generator.generate(&[&[1], prompt]).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(model.passes(), 0);
}

#[test]
fn scores_that_are_no_numbers_are_refused() {
    for (bad, shown) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        let model = TableModel::new(4, move |_, _, next| if next == 2 { bad } else { 0.0 });
        for settings in [Settings::default(), sampling(Sampling::default()), beam(Beam::default())]
        {
            let generator = Generator::new(&model, settings).unwrap();
            let error = generator.generate(&[[1, 1]]).unwrap_err().to_string();
            let expected =
                format!("the model's score for token 2 after 2 tokens of sequence 0 is {shown}");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
    // A model may forbid tokens, but not all.
    let model =
        TableModel::new(4, |_, last, next| if last == next { f32::NEG_INFINITY } else { 0.0 });
    let generator = Generator::new(&model, Settings::default()).unwrap();
    assert_eq!(generator.generate(&[[0]]).unwrap()[0].ids[..3], [0, 1, 0]);
    let model = TableModel::new(4, |_, _, _| f32::NEG_INFINITY);
    let generator = Generator::new(&model, Settings::default()).unwrap();
    assert!(matches!(generator.generate(&[[0]]), Err(GenerateError::NotFinite { .. })));
}

#[test]
fn drafts_that_do_not_fit_are_refused() {
    let (model, other) = (TableModel::new(4, |_, _, _| 0.0), TableModel::new(5, |_, _, _| 0.0));
    let generator = |settings| Generator::new(&model, settings).unwrap();
    let error = generator(Settings::default()).with_draft(&other, 3).unwrap_err();
    assert_eq!(error.to_string(), "the draft model knows 5 tokens, expected 4, as the model does");
    let error = generator(Settings::default()).with_draft(&model, 0).unwrap_err();
    assert!(error.to_string().starts_with("lookahead is 0, expected at least 1"));
    let error = generator(beam(Beam::default())).with_draft(&model, 3).unwrap_err();
    assert!(matches!(error, GenerateError::DraftForBeams));
}

/// A draft model may hold less than the model does: it proposes nothing beyond.
#[test]
fn a_draft_model_with_a_short_memory_helps_as_long_as_it_can() {
    let score = |_, last, next| f32::from((last + 1) % 4 == next);
    let (model, draft) = (TableModel::new(4, score), TableModel::new(4, score).with_longest(6));
    let generator = Generator::new(&model, Settings::default()).unwrap();
    let alone = generator.generate(&[vec![0], vec![1; 9]]).unwrap();
    let passes = model.passes();
    let drafted = generator.with_draft(&draft, 3).unwrap();
    assert_eq!(drafted.generate(&[vec![0], vec![1; 9]]).unwrap(), alone);
    assert!(draft.passes() > 0 && model.passes() - passes <= passes + 1);
}

/// What a model refuses comes back with its reason.
#[test]
fn the_models_own_errors_are_the_source() {
    #[derive(Debug)]
    struct TooFar;
    impl LogitsProcessor for TooFar {
        fn process(&self, _: Prefix<'_>, logits: &mut [f32], _: &mut Buffers) {
            logits[..3].fill(f32::NEG_INFINITY);
        }
    }
    type Table = TableModel<fn(Option<u32>, u32, u32) -> f32>;
    struct Liar(Table);
    impl lt_generate::LanguageModel for Liar {
        type Cache = Vec<Vec<u32>>;
        type Error = lt_generate::TableError;
        fn vocabulary(&self) -> usize {
            4
        }
        fn longest(&self) -> Option<usize> {
            None
        }
        fn cache(&self, sequences: usize) -> Self::Cache {
            self.0.cache(sequences)
        }
        fn read(
            &self,
            ids: &[u32],
            batch: &lt_core::Ragged,
            wanted: lt_generate::Wanted,
            cache: &mut Self::Cache,
            logits: &mut lt_generate::Logits,
        ) -> Result<(), Self::Error> {
            self.0.read(ids, batch, wanted, cache, logits)
        }
        fn select(&self, cache: &mut Self::Cache, parents: &[usize]) -> Result<(), Self::Error> {
            self.0.select(cache, parents)
        }
        fn cut(&self, cache: &mut Self::Cache, lengths: &[usize]) -> Result<(), Self::Error> {
            self.0.cut(cache, lengths)
        }
    }
    let own = |vocabulary| Liar(TableModel::new(vocabulary, |_, _, _| 0.0));
    // It knows three tokens, and says that it knows four.
    let liar = own(3);
    let error = Generator::new(&liar, Settings::default()).unwrap().generate(&[[0]]).unwrap_err();
    assert_eq!(error.to_string(), "the model gave logits [1, 3], expected [1, 4]");
    let error = Generator::new(&liar, Settings::default()).unwrap().generate(&[[3]]).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "token 3 is not in the vocabulary, expected an id below 3");
    // And a processor of one's own is applied.
    let model = own(4);
    let generator = Generator::new(&model, Settings::default()).unwrap().with_processor(TooFar);
    assert_eq!(generator.generate(&[[0]]).unwrap()[0].new_ids(), [3; 20]);
}
