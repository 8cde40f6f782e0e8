//! Text that is written through a byte-level tokenizer, whose tokens are single bytes here: pieces,
//! stop strings, conversations.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;

use lt_core::{Params, Path, Threads};
use lt_generate::{Event, Finish, GenerateError, Length, Sampling, Settings, Strategy, Written};
use lt_model::lt_config::{Gpt2Config, ModelConfig};
use lt_model::{CausalLm, Decoder};
use lt_tasks::{TaskError, TextGenerator};
use lt_tokenizer::{Chat, ChatTemplate, Limit, Message, Specials, Tokenizer};

/// The characters that GPT-2 writes for the bytes 0 to 255.
fn characters() -> Vec<char> {
    let printable = |byte: u32| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    let mut others = 256..;
    let character = |byte| if printable(byte) { byte } else { others.next().unwrap() };
    (0..256).map(character).map(|code| char::from_u32(code).unwrap()).collect()
}

/// A tokenizer of single bytes.
fn tokenizer() -> Tokenizer {
    let dir = tempfile::tempdir().unwrap();
    let characters = characters().into_iter().enumerate();
    let vocabulary: BTreeMap<String, usize> =
        characters.map(|(id, character)| (character.to_string(), id)).collect();
    fs::write(dir.path().join("vocab.json"), serde_json::to_string(&vocabulary).unwrap()).unwrap();
    fs::write(dir.path().join("merges.txt"), "#version: 0.2\n").unwrap();
    fs::write(dir.path().join("tokenizer_config.json"), "{}").unwrap();
    Tokenizer::from_dir(dir.path()).unwrap()
}

/// It writes bytes of all kinds, made up but always the same.
fn generator() -> TextGenerator {
    let config = Gpt2Config {
        vocab_size: 256,
        n_embd: 12,
        n_head: 3,
        n_layer: 1,
        n_positions: 200,
        ..Gpt2Config::default()
    };
    let mut model = CausalLm::zeros(&ModelConfig::Gpt2(config), Decoder::Own).unwrap();
    let mut state = 1_u32;
    model.visit_mut(&mut Path::new(), &mut |_, weight| {
        for number in weight.make_mut() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *number = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
        }
    });
    TextGenerator::new(model, tokenizer())
}

fn drawing(seed: u64) -> Settings {
    Settings {
        strategy: Strategy::Sample(Sampling::default()),
        maximum: Length::New(60),
        seed,
        ..Settings::default()
    }
}

/// What is written behind a prompt, and the pieces in which it came.
fn pieces(generator: &TextGenerator, prompt: &[u32], settings: Settings) -> (Written, Vec<String>) {
    let mut pieces = Vec::new();
    let written = generator.write_with(&[prompt], settings, &Threads::single(), |event| {
        if let Event::Token { text, .. } = event {
            pieces.push(text.to_owned());
        }
        ControlFlow::Continue(())
    });
    (written.unwrap().remove(0), pieces)
}

const PROMPTS: [&str; 3] = ["The bank", "银行在河边。", "naïve 🦀"];

#[test]
fn the_pieces_are_the_text_and_the_text_is_that_of_the_ids() {
    let generator = generator();
    let (mut texts, mut whole) = (0, 0);
    for (prompt, seed) in PROMPTS.iter().flat_map(|prompt| (0..20).map(move |seed| (prompt, seed)))
    {
        let ids = generator.tokenize(prompt).unwrap();
        assert_eq!(ids.len(), prompt.len(), "a token for each byte");
        let (written, pieces) = pieces(&generator, &ids, drawing(seed));
        assert_eq!(pieces.concat(), written.text);
        assert_eq!(written.new_ids().len(), 60);
        let both = generator.tokenizer().decode(&written.ids, Specials::Skip).unwrap();
        // Of bytes that are no character each is a �, alone or beside others.
        assert_eq!(format!("{prompt}{}", written.text), both, "{prompt} {seed}");
        texts += 1;
        whole += pieces.iter().filter(|piece| !piece.is_empty()).count();
    }
    assert!(texts == 60 && whole > 600, "{texts} texts, {whole} pieces");
}

#[test]
fn a_text_ends_before_a_stop_string_and_no_piece_shows_it() {
    let generator = generator();
    let ids = generator.tokenize("The bank").unwrap();
    let mut stopped = 0;
    for seed in 0..20 {
        let (whole, _) = pieces(&generator, &ids, drawing(seed));
        let characters: Vec<char> = whole.text.chars().collect();
        for (from, length) in [(3, 1), (10, 2), (20, 3)] {
            let stop: String = characters.iter().skip(from).take(length).collect();
            if stop.contains('\u{fffd}') || stop.is_empty() {
                continue;
            }
            let settings = Settings { stop_strings: vec![stop.clone()], ..drawing(seed) };
            let (written, pieces) = pieces(&generator, &ids, settings);
            assert_eq!(written.finish, Finish::StopString(0));
            assert_eq!(Some(written.text.as_str()), whole.text.split(&stop).next(), "{stop:?}");
            assert_eq!(pieces.concat(), written.text);
            stopped += 1;
        }
    }
    assert!(stopped > 10, "{stopped}");
}

#[test]
fn a_conversation_is_what_the_template_writes() {
    let template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}\
        {% if add_generation_prompt %}<assistant>{% endif %}";
    let messages = [Message::new("user", "你好"), Message::new("assistant", "Hi.")];
    let chat = Chat { add_generation_prompt: true, ..Chat::new(&messages) };
    let plain = generator();
    let missing = plain.tokenize_chat(&chat);
    assert!(matches!(missing, Err(TaskError::ChatTemplate(_))), "{missing:?}");
    let generator = plain.with_template(ChatTemplate::new(template).unwrap());
    let ids = generator.tokenize_chat(&chat).unwrap();
    let written = "<user>你好\n<assistant>Hi.\n<assistant>";
    let expected = generator.tokenizer().encode_bare(written, Limit::None).unwrap().ids;
    assert_eq!(ids, expected);
    let answers =
        generator.write_with(&[ids], drawing(1), &Threads::single(), |_| ControlFlow::Continue(()));
    assert_eq!(answers.unwrap()[0].new_ids().len(), 60);
}

#[test]
fn what_cannot_be_continued_is_refused() {
    let generator = generator();
    let run = |text: &str| generator.write(&[text], drawing(0), &Threads::single());
    let empty = run("");
    assert!(matches!(empty, Err(TaskError::Generate(GenerateError::EmptyPrompt { .. }))));
    let long = run(&"x".repeat(201));
    assert!(matches!(long, Err(TaskError::Generate(GenerateError::PromptTooLong { .. }))));
    let full = run(&"x".repeat(190)).unwrap().remove(0);
    assert_eq!((full.new_ids().len(), full.finish), (11, Finish::ContextFull));
}
