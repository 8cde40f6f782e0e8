//! From the text to ids.

use anyhow::{Result, ensure};
use lt_tokenizer::{Encoding, Limit, Specials, slice};

use super::numbers::code;
use super::page::Page;
use crate::example::{BEGINNING, SENTENCE};

pub(super) fn write(page: &mut Page) -> Result<()> {
    let tokenizer = lt_tiny_bert::tokenizer()?;
    let encoding = tokenizer.encode(SENTENCE, Limit::None)?;
    let decoded = tokenizer.decode(&encoding.ids, Specials::Skip)?;
    let the: Vec<usize> = of_piece(&encoding, "the").collect();
    ensure!(the.len() == 2 && encoding.ids[the[0]] == encoding.ids[the[1]], "“the” stands twice");
    ensure!(slice(SENTENCE, encoding.offsets[the[0]].clone()) == Some("The"), "a capital letter");
    ensure!(decoded == "the bank of the river is steep.", "what comes back is “{decoded}”");
    let whole = encoding.words.iter().flatten().zip(0..).all(|(word, number)| *word == number);
    ensure!(whole, "a word is in two pieces");

    page.say(&format!(
        "One sentence goes through all chapters: {}. Each shows what becomes of it there, with the numbers of a \
         real model. Here [`lt-tiny-bert`](../lt_tiny_bert/index.html) cuts it into pieces, of a vocabulary of {}:",
        code(SENTENCE),
        tokenizer.vocab_size()
    ));
    page.block(&lines(&encoding));
    page.say(&format!(
        "“The” and “the” get one id, {}: this vocabulary has no capital letters, and what comes back from the ids is \
         {}. `[CLS]` and `[SEP]` stand for no characters; the template put them there. Every word is in the vocabulary \
         whole, so no piece begins with `##`. The next chapters see the last line alone.",
        encoding.ids[the[0]],
        code(&decoded)
    ));

    let tokenizer = lt_tiny_gpt::tokenizer()?;
    let beginning = tokenizer.encode(BEGINNING, Limit::None)?;
    let decoded = tokenizer.decode(&beginning.ids, Specials::Keep)?;
    ensure!(decoded == BEGINNING, "what comes back is “{decoded}”");
    ensure!(beginning.special.iter().all(|special| !special), "this template adds nothing");
    page.say(
        "The chapters on writing take its beginning, in the pieces of [`lt-tiny-gpt`](../lt_tiny_gpt/index.html). \
         There a space belongs to the word behind it, and is spelt `Ġ`. Nothing is put around the text, and all of \
         it comes back:",
    );
    page.block(&[row("piece", &beginning.tokens), row("id", &beginning.ids)]);
    page.see(&format!("`lt tokenize \"{SENTENCE}\"`, and the same with `--model lt-tiny-gpt`"));
    Ok(())
}

/// Where a piece stands.
fn of_piece<'a>(encoding: &'a Encoding, piece: &'a str) -> impl Iterator<Item = usize> + 'a {
    encoding.tokens.iter().enumerate().filter(move |(_, token)| *token == piece).map(|(at, _)| at)
}

/// What is known of each piece, below it.
fn lines(encoding: &Encoding) -> [Vec<String>; 4] {
    let places = || encoding.offsets.iter().zip(&encoding.special);
    let characters = places().map(|(offsets, special)| match special {
        true => "–".to_owned(),
        false => format!("{}–{}", offsets.start, offsets.end),
    });
    let text = places().map(|(offsets, special)| match special {
        true => "–",
        false => slice(SENTENCE, offsets.clone()).unwrap_or_default(),
    });
    [
        row("characters", &characters.collect::<Vec<_>>()),
        row("text", &text.collect::<Vec<_>>()),
        row("piece", &encoding.tokens),
        row("id", &encoding.ids),
    ]
}

fn row(name: &str, cells: &[impl ToString]) -> Vec<String> {
    let cells = cells.iter().map(ToString::to_string);
    [name.to_owned()].into_iter().chain(cells).collect()
}
