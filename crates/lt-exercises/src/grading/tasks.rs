//! What the exercises on tasks are held against.

mod tags;

use lt_config::{BertConfig, Gpt2Config, ModelConfig, Pooling};
use lt_core::{Params, Path, Scratch};
use lt_generate::{StopStrings, TextStream};
use lt_laws::Law;
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::prelude::{Strategy, any};
use lt_laws::proptest::sample::select;
use lt_laws::sample::filled;
use lt_model::{CausalLm, Decoder, MaskedLm};
use lt_tasks::answer::best_spans;
use lt_tasks::{
    FillMask, LabelWords, PerplexityWindows, PromptClassifier, TaskError, TokenText, pool,
};
use lt_tokenizer::{Limit, Tokenizer, WordPieceSettings};
use ndarray::array;

use super::{Told, exercises, told};
use tags::{likeliest_tags, same_and_not_the_same};

exercises! { tasks:
    One order_does_not_matter [
        "Write each formula for two tokens, and exchange h₁ and h₂.",
        "`weightedmean` of two is (h₁ + 2·h₂) / 3.",
    ]
    Two fill_one_by_one [
        "As long as there is a mask in the text: fill, and look for the guess with the highest score.",
        "`text.match_indices(model.mask_token()).nth(number)` says where that mask stands, `replace_range` writes in its place.",
    ]
    Two same_and_not_the_same [
        "What is an `I-` with nothing before it, read leniently? And strictly?",
        "Two entities, a person and a place. Each list begins another one of them with `B-`.",
    ]
    Three likeliest_tags [
        "For the first t tokens, and for each tag that the t-th may have: what is the likeliest sequence that ends so?",
        "Of the next token only the tag before it counts. So for each of its tags look at all tags before, those that it may follow, and keep the best.",
        "`O` and `B-` may follow everything; `I-X` follows `B-X` and `I-X`, and does not begin a text.",
    ]
    Two label_scores [
        "The words of a label are added up as probabilities, not as scores.",
        "Σ e^z over its words, divided by Σ e^z over the words of all labels; the largest z is taken off first.",
    ]
    One pieces [
        "How many begin at the first token? And at the last?",
        "As many as there are tokens up to the end of the text, but at most `longest`.",
    ]
    Two text_past_the_watch [
        "Which rule could take the E, or the D, away from END before its own rules join them?",
        "`! E` is the first of the list.",
    ]
    Three perplexity [
        "With length 4 and stride 2, of 8 tokens: the windows are 0..4, 2..6, 4..8, and in them 1, 2, 3, then 4, 5, then 6, 7 count.",
        "What is new in a window begins where the last one ended, but behind the first token of the window.",
        "Add up −ln p over all windows, count the tokens, and divide once. A mean of the windows' means weighs them wrongly.",
    ]
}

fn order_does_not_matter(answer: fn() -> [bool; 6]) {
    let poolings = [
        ("mean", Pooling::Mean),
        ("cls", Pooling::Cls),
        ("max", Pooling::Max),
        ("mean_sqrt_len_tokens", Pooling::MeanSqrtLen),
        ("weightedmean", Pooling::WeightedMean),
        ("lasttoken", Pooling::LastToken),
    ];
    let (there, back) = (array![[1.0, 5.0], [4.0, 2.0]], array![[4.0, 2.0], [1.0, 5.0]]);
    for ((name, pooling), answer) in poolings.into_iter().zip(answer()) {
        let of = |rows: &ndarray::Array2<f32>| pool(rows.view(), &[pooling]).expect("a pooling");
        let (there, back) = (of(&there), of(&back));
        assert!(
            answer == (there == back),
            "`{name}`: you say {answer}; of (1, 5), (4, 2) it makes {there}, of (4, 2), (1, 5) {back}"
        );
    }
}

/// Sizes of a BERT that is small, of so many words.
fn small_bert(vocab_size: usize) -> ModelConfig {
    let config = BertConfig {
        vocab_size,
        hidden_size: 8,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        intermediate_size: 8,
        max_position_embeddings: 16,
        initializer_range: 1.0, // so that what stands around a mask counts
        ..BertConfig::default()
    };
    config.into()
}

const WORDS: [&str; 6] = ["red", "old", "sea", "tea", "fox", "the"];

/// A tokenizer of these words, and as many tokens as it has.
fn tokenizer() -> (Tokenizer, usize) {
    let pieces = ["[UNK]", "[CLS]", "[SEP]", "[MASK]"].into_iter().chain(WORDS);
    let tokenizer = Tokenizer::from_pieces(pieces, &WordPieceSettings::default());
    (tokenizer.expect("pieces"), 4 + WORDS.len())
}

/// See [`fill_one_by_one`].
const THE_SUREST_COMES_FIRST: Law = Law {
    name: "the surest guess is written first, and the others are guessed again",
    statement: "text(n + 1) = text(n) with the likeliest of all guesses in its place",
    tolerance: "none",
};

fn fill_one_by_one(answer: fn(&FillMask, &str) -> Result<String, TaskError>) {
    let (tokenizer, words) = tokenizer();
    let model = MaskedLm::random(&small_bert(words), 11).expect("sizes that fit");
    let model = FillMask::new(model, tokenizer).and_then(|it| it.with_targets(&WORDS));
    let model = model.expect("words that it knows");
    let words = vec(select(vec!["[MASK]", "[MASK]", "red", "old", "sea"]), 1..6);
    let with_masks = words.prop_filter("no mask", |words| words.contains(&"[MASK]"));
    THE_SUREST_COMES_FIRST.hold(&with_masks.prop_map(|words| words.join(" ")), |text| {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        loop {
            let masked = |place: &usize| words[*place] == "[MASK]";
            let places: Vec<usize> = (0..words.len()).filter(masked).collect();
            if places.is_empty() {
                break;
            }
            let masks = model.fill(&words.join(" "), 1, &mut Scratch::new());
            let guesses = masks.map_err(|error| error.to_string())?.concat();
            let each = places.into_iter().zip(guesses);
            let surest =
                each.reduce(|best, next| if next.1.score > best.1.score { next } else { best });
            let Some((place, guess)) = surest else { return Err("no guess".to_owned()) };
            words[place] = guess.token;
        }
        let (filled, expected) = (answer(&model, &text), words.join(" "));
        match filled.map_err(|error| format!("it was refused: {error}"))? {
            filled if filled == expected => Ok(()),
            filled => Err(format!("`{text}` becomes `{filled}`, expected `{expected}`")),
        }
    });
}

/// See [`label_scores`].
const LABELS_HAVE_THE_SHARES_OF_THEIR_WORDS: Law = Law {
    name: "a label has the share of its words",
    statement: "your scores = those of PromptClassifier",
    tolerance: "1e-5",
};

fn label_scores(answer: fn(&[f32], &[Vec<usize>]) -> Vec<f32>) {
    let cases = (vec(-4_i8..5, WORDS.len()), select(vec![0.0_f32, 900.0]), 1..WORDS.len());
    LABELS_HAVE_THE_SHARES_OF_THEIR_WORDS.hold(&cases, |(scores, above, first)| {
        let (tokenizer, words) = tokenizer();
        let mut logits = vec![above; 4];
        logits.extend(scores.into_iter().map(|score| above + f32::from(score)));
        let mut model =
            MaskedLm::zeros(&small_bert(words), Decoder::Tied).map_err(|e| e.to_string())?;
        model.visit_mut(&mut Path::new(), &mut |name, weight| {
            if name == "head.bias" {
                weight.make_mut().copy_from_slice(&logits); // all that it has learned
            }
        });
        let (good, bad) = WORDS.split_at(first);
        let labels = [LabelWords::new("good", good.to_vec()), LabelWords::new("bad", bad.to_vec())];
        let classifier = PromptClassifier::new(model, tokenizer, "{text} {mask}", &labels);
        let classifier = classifier.map_err(|error| error.to_string())?;
        let found =
            classifier.classify(&["the"], &mut Scratch::new()).map_err(|e| e.to_string())?;
        let ids = [(4..4 + first).collect(), (4 + first..words).collect::<Vec<usize>>()];
        let got = answer(&logits, &ids);
        let expected = ["good", "bad"].map(|label| {
            let of_label = found[0].scores.iter().find(|score| score.label == label);
            of_label.map_or(f32::NAN, |score| score.score)
        });
        let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5;
        if got.len() == 2 && got.iter().zip(&expected).all(close) {
            return Ok(());
        }
        Err(format!(
            "with the logits {logits:?} and the words {ids:?}: {got:?}, expected {expected:?}"
        ))
    });
}

/// See [`pieces`].
const AS_MANY_PIECES_AS_ARE_FOUND: Law = Law {
    name: "as many pieces as are found",
    statement: "your number = the length of best_spans, asked for all",
    tolerance: "none: pieces are counted",
};

fn pieces(answer: fn(usize, usize) -> usize) {
    AS_MANY_PIECES_AS_ARE_FOUND.hold(&told((0_usize..12, 1_usize..9)), |Told((tokens, longest))| {
        let even = std::vec![0.1; tokens];
        let found = best_spans(&even, &even, usize::MAX, longest).map_err(|e| e.to_string())?.len();
        match answer(tokens, longest) {
            answer if answer == found => Ok(()),
            answer => Err(format!(
                "tokens of the text: {tokens}, of a piece at most: {longest}. You say {answer}, found are {found}"
            )),
        }
    });
}

/// The tokenizer of the exercise: the rules of the list, in its order.
const JOINING: &str = r#"{
    "added_tokens": [], "normalizer": null, "post_processor": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false},
    "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false},
    "model": {"type": "BPE", "merges": ["! E", "E N", "EN D", "N D"],
              "vocab": {"E": 0, "N": 1, "D": 2, "!": 3, "!E": 4, "EN": 5, "END": 6, "ND": 7}}
}"#;

fn text_past_the_watch(answer: fn() -> &'static str) {
    let (text, tokenizer) = (answer(), Tokenizer::from_json(JOINING).expect("a tokenizer"));
    let letter = text.chars().find(|&letter| !"END!".contains(letter));
    assert!(letter.is_none(), "`{text}`: the tokenizer knows E, N, D and ! alone");
    let cut =
        |text: &str| tokenizer.encode_bare(text, Limit::None).unwrap_or_else(|e| panic!("{e}"));
    let (found, watched) = (cut(text), cut("END").ids);
    let decoder = TokenText(&tokenizer);
    let (mut stream, mut stop) =
        (TextStream::new(&decoder), StopStrings::new(vec!["END".to_owned()]));
    let stopped = found.ids.iter().any(|&id| stop.push(&stream.push(id)).stopped_by.is_some());
    let tokens = found.tokens;
    assert!(stopped, "`{text}` is {tokens:?}: whoever looks at the text does not find END in it");
    let seen = found.ids.windows(watched.len()).any(|ids| ids == watched);
    assert!(!seen, "`{text}` is {tokens:?}: the id of END is among them");
}

/// See [`perplexity`].
const EACH_TOKEN_WEIGHS_ALIKE: Law = Law {
    name: "each token that is foretold weighs alike",
    statement: "your perplexity = Perplexity::by_token",
    tolerance: "1e-4 of it",
};

fn perplexity(answer: fn(&CausalLm, &[u32], usize, usize) -> lt_core::Result<f64>) {
    let config = Gpt2Config {
        vocab_size: 5,
        n_embd: 4,
        n_head: 2,
        n_layer: 1,
        n_positions: 16,
        ..Gpt2Config::default()
    };
    let model = CausalLm::zeros(&ModelConfig::Gpt2(config), Decoder::Tied).expect("sizes that fit");
    let model = filled(model, 7);
    let cases = (vec(0_u32..5, 2..14), 2_usize..6, any::<lt_laws::proptest::sample::Index>());
    let cases = cases.prop_map(|(ids, length, stride)| (ids, length, 1 + stride.index(length)));
    EACH_TOKEN_WEIGHS_ALIKE.hold(&cases, |(ids, length, stride)| {
        let number = |number: usize| number.try_into().map_err(|_| "0".to_owned());
        let windows = PerplexityWindows { length: number(length)?, stride: number(stride)? };
        let found = lt_tasks::perplexity(&model, &ids, windows, &mut Scratch::new());
        let found = found.map_err(|error| error.to_string())?;
        let got = answer(&model, &ids, length, stride).map_err(|e| format!("refused: {e}"))?;
        if (got / found.by_token - 1.0).abs() <= 1e-4 {
            return Ok(());
        }
        let (expected, tokens) = (found.by_token, found.tokens);
        Err(format!(
            "{} tokens in windows of {length}, stride {stride}: {got:.4}, expected {expected:.4}, of {tokens} tokens that are foretold",
            ids.len()
        ))
    });
}
