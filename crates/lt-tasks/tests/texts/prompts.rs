//! Prompts: templates, verbalizers, and what is cut.

use lt_kernels::softmax;
use lt_model::MaskedLm;
use lt_tasks::{FillMask, LabelWords, LoadOptions, PromptClassifier, Scratch, TaskError};
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::json;

use crate::checkpoint::{checkpoint, masked_lm};

fn load(template: &str, words: &[LabelWords]) -> Result<PromptClassifier, TaskError> {
    PromptClassifier::from_dir(masked_lm().path(), &LoadOptions::default(), template, words)
}

fn good_and_bad() -> [LabelWords; 2] {
    [LabelWords::new("good", ["w20", "w21"]), LabelWords::new("bad", ["w22"])]
}

fn score(model: &PromptClassifier, text: &str, label: &str) -> f32 {
    let answers = model.classify(&[text], &mut Scratch::new()).unwrap();
    answers[0].scores.iter().find(|score| score.label == label).unwrap().score
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// With one word a label, its score is the softmax over these words alone, of the scores that
    /// the model gives to all words.
    #[test]
    fn a_label_of_one_word_has_the_share_of_its_word(
        words in subsequence((5..51_usize).collect::<Vec<_>>(), 1..6),
        text in prop::collection::vec(5..51_usize, 0..8),
    ) {
        let text: Vec<String> = text.iter().map(|word| format!("w{word}")).collect();
        let text = text.join(" ");
        let verbalizer: Vec<LabelWords> =
            words.iter().map(|id| LabelWords::new(id.to_string(), [format!("w{id}")])).collect();
        let model = load("w6 {text} w7 {mask}", &verbalizer).unwrap();
        let ours = model.classify(&[&text], &mut Scratch::new()).unwrap().remove(0);

        let all = FillMask::from_dir(masked_lm().path(), &LoadOptions::default()).unwrap();
        let prompt = format!("w6 {text} w7 [MASK]");
        let guesses = all.fill(&prompt, 51, &mut Scratch::new()).unwrap().remove(0);
        let of = |id: usize| {
            let guess = guesses.iter().find(|guess| guess.id as usize == id);
            f64::from(guess.unwrap().score)
        };
        let total: f64 = words.iter().map(|&id| of(id)).sum();
        for score in &ours.scores {
            let expected = of(score.label.parse().unwrap()) / total;
            prop_assert!((f64::from(score.score) - expected).abs() < 2e-6);
        }
    }

    #[test]
    fn another_word_never_makes_its_label_less_likely(word in 23..51_usize) {
        let before = load("{} {mask}", &good_and_bad()).unwrap();
        let word = format!("w{word}");
        let more = [LabelWords::new("good", ["w20", "w21", &word]), LabelWords::new("bad", ["w22"])];
        let after = load("{} {mask}", &more).unwrap();
        let (before, after) = (score(&before, "w9 w10", "good"), score(&after, "w9 w10", "good"));
        prop_assert!(after >= before - 1e-6, "{} then {}", before, after);
    }
}

/// The mean of the logits, which others take, is a mutant of that law: a word that the model finds
/// unlikely pulls its label down.
#[test]
fn a_mean_over_words_is_caught() {
    let model = MaskedLm::from_dir(masked_lm().path(), &LoadOptions::default()).unwrap().model;
    let (ids, one) = ([2, 9, 10, 4, 3], lt_core::Ragged::single(5));
    let input = lt_model::TokenIds::new(&ids, &one);
    let logits = lt_core::Module::forward(&model, input).unwrap().row(3).to_owned();
    let share = |words: &[usize]| {
        let mean: f32 = words.iter().map(|&word| logits[word]).sum::<f32>() / words.len() as f32;
        let mut both = ndarray::array![[mean, logits[22]]];
        softmax(both.view_mut());
        both[[0, 0]]
    };
    let fell = (23..51).any(|word| share(&[20, 21, word]) < share(&[20, 21]) - 1e-3);
    assert!(fell);
}

#[test]
fn a_long_text_is_cut_and_the_template_never() {
    for template in ["w6 {text} w7 {mask}", "{mask} w6 {text} w7", "[MASK]w6{}w7"] {
        let model = load(template, &good_and_bad()).unwrap();
        // 16 positions: [CLS], [SEP], two words and the mask leave 11.
        let room = if template.contains(' ') { 11 } else { 12 };
        let words: Vec<String> = (8..40).map(|word| format!("w{word}")).collect();
        let answers = model.classify(
            &[words.join(" "), words[..11].join(" "), String::new()],
            &mut Scratch::new(),
        );
        let answers = answers.unwrap();
        if room == 11 {
            assert_eq!(answers[0].truncated, 32 - 11, "{template}");
            assert_eq!(answers[0].scores, answers[1].scores, "{template}");
        }
        assert_eq!(answers[2].truncated, 0);
        assert_ne!(answers[0].scores, answers[2].scores, "{template}");
    }
    let long = format!("{}{{text}} {{mask}}", "w9 ".repeat(14));
    let model = load(&long, &good_and_bad()).unwrap();
    let error = model.classify(&["w7"], &mut Scratch::new());
    let TaskError::Text { number: 0, source } = error.unwrap_err() else { panic!("a text") };
    assert!(matches!(*source, TaskError::TooLong { tokens: 17, limit: 16 }), "{source}");
}

#[test]
fn a_mask_or_a_slot_in_the_text_is_not_taken_for_the_templates() {
    let model = load("{text} w7 {mask}", &good_and_bad()).unwrap();
    let all = FillMask::from_dir(masked_lm().path(), &LoadOptions::default()).unwrap();
    let filled = all.fill("w9 [MASK] w7 [MASK]", 51, &mut Scratch::new()).unwrap();
    let share = |mask: usize| {
        let of = |id| filled[mask].iter().find(|guess| guess.id == id).unwrap().score;
        (of(20) + of(21)) / (of(20) + of(21) + of(22))
    };
    let ours = score(&model, "w9 [MASK]", "good");
    assert!((ours - share(1)).abs() < 1e-6, "the last of the two masks");
    assert!((ours - share(0)).abs() > 1e-5, "and not the first");
    // What looks like a slot is text.
    assert!(model.classify(&["{mask} {} {text}"], &mut Scratch::new()).is_ok());
}

#[test]
fn templates_that_make_no_sense_are_refused_with_what_is_missing() {
    for (template, missing) in [
        ("{mask}", "{text}"),
        ("{text} {} {mask}", "{text}"),
        ("{text}", "{mask}"),
        ("{text} {mask} [MASK]", "{mask}"),
        ("", "{text}"),
    ] {
        let error = load(template, &good_and_bad()).unwrap_err();
        assert!(matches!(error, TaskError::Template { .. }), "{error}");
        assert!(error.to_string().contains(missing), "{error}");
    }
}

#[test]
fn words_that_cannot_stand_for_a_label_are_refused_with_their_pieces() {
    let words = |words: &[&str]| {
        let words = [LabelWords::new("good", words.to_vec()), LabelWords::new("bad", ["w22"])];
        load("{} {mask}", &words).unwrap_err().to_string()
    };
    assert!(words(&["w20 w21"]).contains("2 tokens (w20 w21)"), "{}", words(&["w20 w21"]));
    assert!(words(&["nowhere"]).contains("[UNK]"), "{}", words(&["nowhere"]));
    assert!(words(&[]).contains("\"good\" has no word"), "{}", words(&[]));
    assert!(words(&["w20", "w22"]).contains("given twice, for \"good\" and for \"bad\""));
    assert!(words(&["w20", "w20"]).contains("for \"good\" and for \"good\""));
    assert!(matches!(load("{} {mask}", &[]).unwrap_err(), TaskError::NoCandidates));
}

#[test]
fn a_chinese_template_has_a_label_word_of_one_character() {
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    let characters = ["总", "体", "上", "来", "说", "很", "。", "好", "差", "电", "影"];
    let pieces = special.iter().chain(&characters).copied();
    let dir = checkpoint("mlm-tied", pieces, &json!({}));
    let words = [LabelWords::new("好评", ["好"]), LabelWords::new("差评", ["差"])];
    let options = LoadOptions::default();
    let template = "总体上来说很[MASK]。{}";
    let model = PromptClassifier::from_dir(dir.path(), &options, template, &words).unwrap();
    let answers = model.classify(&["电影很好。"], &mut Scratch::new()).unwrap();
    let sum: f32 = answers[0].scores.iter().map(|score| score.score).sum();
    assert!((sum - 1.0).abs() < 1e-6);
    // 总 体 上 来 说 很 [MASK] 。 and two special ones leave 6 of 16 places.
    let long = model.classify(&["电影很好。电影很好。"], &mut Scratch::new()).unwrap();
    assert_eq!(long[0].truncated, 4);
    assert_eq!(
        long[0].scores,
        model.classify(&["电影很好。电"], &mut Scratch::new()).unwrap()[0].scores
    );
}

/// As RoBERTa's and XLM-R's: a word behind a space is another token than one without, and the mask
/// takes the space before it.
#[test]
fn a_vocabulary_that_marks_spaces_has_its_words_found() {
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    let words = ["▁w5", "▁w6", "▁w7", "w5", "▁好", "好", "▁w8", "w8", "w9"];
    let pieces: Vec<&str> = special.into_iter().chain(words).collect();
    let vocab: serde_json::Map<String, serde_json::Value> =
        pieces.iter().enumerate().map(|(id, piece)| ((*piece).to_owned(), json!(id))).collect();
    let added = |id: usize| {
        json!({"id": id, "content": special[id], "single_word": false, "lstrip": id == 4,
               "rstrip": false, "normalized": false, "special": true})
    };
    let of = |id: usize| json!({"SpecialToken": {"id": special[id], "type_id": 0}});
    let sequence = |id: &str| json!({"Sequence": {"id": id, "type_id": 0}});
    let single = json!([of(2), sequence("A"), of(3)]);
    let pair = json!([of(2), sequence("A"), of(3), sequence("B"), of(3)]);
    let token = |id: usize| json!({"id": special[id], "ids": [id], "tokens": [special[id]]});
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null,
        "added_tokens": [added(0), added(1), added(2), added(3), added(4)],
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never",
                          "split": true},
        "post_processor": {"type": "TemplateProcessing", "single": single, "pair": pair,
                           "special_tokens": {"[CLS]": token(2), "[SEP]": token(3)}},
        "decoder": null,
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "[UNK]"},
    });
    let dir = checkpoint("mlm-tied", pieces, &json!({}));
    std::fs::write(dir.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let names = json!({"mask_token": "[MASK]", "cls_token": "[CLS]", "sep_token": "[SEP]",
                       "unk_token": "[UNK]", "pad_token": "[PAD]"});
    std::fs::write(dir.path().join("tokenizer_config.json"), names.to_string()).unwrap();

    let options = LoadOptions::default();
    let all = || FillMask::from_dir(dir.path(), &options).unwrap();
    let ids = |words: &[&str]| -> Vec<u32> {
        let model = all().with_targets(words).unwrap();
        let masks = model.fill("w5 [MASK]", 9, &mut Scratch::new()).unwrap();
        let mut ids: Vec<u32> = masks[0].iter().map(|guess| guess.id).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(&["w8", "好"]), [9, 11], "as behind a space");
    assert_eq!(ids(&["w9"]), [13], "there is none behind a space: as the vocabulary has it");

    let words = [LabelWords::new("yes", ["w7"]), LabelWords::new("no", ["w8"])];
    let model =
        PromptClassifier::from_dir(dir.path(), &options, "{text} w6 {mask}", &words).unwrap();
    let guesses = all().fill("w5 w6 [MASK]", 51, &mut Scratch::new()).unwrap().remove(0);
    let of = |id| guesses.iter().find(|guess| guess.id == id).unwrap().score;
    assert!((score(&model, "w5", "yes") - of(7) / (of(7) + of(11))).abs() < 1e-6);
    // A long text is cut at its end.
    let long = model.classify(&["w5 ".repeat(30).trim()], &mut Scratch::new()).unwrap();
    assert_eq!(long[0].truncated, 30 - (16 - 4));
}
