//! Stage 1 on the page: the pieces under the text, and their ids.

use anstyle::Style;

use super::page::{BOLD, DIM, Page};
use super::{count, list, name, quoted};
use crate::columns::{printable, shortened, width};
use crate::tour::data::Tour;
use crate::tour::pieces::{Piece, Pieces, SPACES};

/// The most pieces that are shown.
const MOST_PIECES: usize = 48;
const WIDEST_PIECE: usize = 20;
/// The most parts of a word that are named.
const MOST_PARTS: usize = 8;
/// What stands before each line of the picture.
const NAMES: [&str; 3] = ["text", "piece", "id"];
const LEFT: usize = 7;
/// Narrow, if then all pieces fit on one line.
const GAPS: [usize; 2] = [2, 1];

pub(crate) fn show(page: &mut Page, tour: &Tour) {
    let pieces = &tour.pieces;
    page.heading(1, "Text becomes pieces, and pieces become ids");
    page.say(&format!(
        "The model knows no letters, only {} pieces of text, each by its number, the id. The \
         tokenizer cuts the text into such pieces. {}",
        tour.model.vocabulary,
        counted(pieces)
    ));
    if pieces.truncated > 0 {
        page.say(&format!(
            "The whole text has {} more. But this model takes {} pieces at most; the rest was cut \
             off, and nothing below knows of it.",
            count(pieces.truncated, "piece"),
            pieces.limit
        ));
    }
    let shown = &pieces.pieces[..pieces.len().min(MOST_PIECES)];
    picture(page, shown);
    if shown.len() < pieces.len() {
        page.note(&format!("… and {} more", count(pieces.len() - shown.len(), "piece")));
        page.line("");
    }
    page.notice(&notice(pieces));
}

/// How many characters became how many pieces.
fn counted(pieces: &Pieces) -> String {
    let added: Vec<String> = pieces
        .pieces
        .iter()
        .filter(|piece| piece.special)
        .map(|piece| printable(&piece.token))
        .collect();
    let of_text = pieces.of_text().count();
    if of_text == 0 {
        return format!(
            "Here is nothing to cut. What goes through the model is what the tokenizer adds to \
             every text: {}.",
            list(&added)
        );
    }
    let seen = pieces.span();
    let characters = match pieces.truncated {
        0 => count(pieces.characters, "character"),
        _ => format!("{} of {} characters", seen.len(), pieces.characters),
    };
    let mut counted = format!("Here {characters} became {}.", count(of_text, "piece"));
    if !added.is_empty() {
        let stand = if added.len() == 1 { "stands" } else { "stand" };
        counted += &format!(" The tokenizer added {}, which {stand} for no text.", list(&added));
    }
    counted
}

/// The pieces side by side, in as many blocks of three lines as it takes.
fn picture(page: &mut Page, pieces: &[Piece]) {
    let before = std::iter::once(None).chain(pieces.iter().map(Some));
    let columns: Vec<[String; 3]> =
        pieces.iter().zip(before).map(|(piece, before)| cells(piece, before)).collect();
    let widest = |cells: &[String; 3]| cells.iter().map(|cell| width(cell)).max().unwrap_or(0);
    let fit = |gap: &&usize| {
        LEFT + columns.iter().map(|cells| widest(cells) + **gap).sum::<usize>() <= page.columns()
    };
    let gap = GAPS.iter().find(fit).copied().unwrap_or(GAPS[0]);
    let wide = |cells: &[String; 3]| widest(cells) + gap;
    let mut start = 0;
    while start < columns.len() {
        let (mut end, mut used) = (start, LEFT);
        while end < columns.len() && (end == start || used + wide(&columns[end]) <= page.columns())
        {
            used += wide(&columns[end]);
            end += 1;
        }
        for (line, name) in NAMES.iter().enumerate() {
            let mut text = styled(DIM, name, LEFT);
            for (piece, cells) in pieces[start..end].iter().zip(&columns[start..end]) {
                let style = match (line, piece.special, piece.unknown) {
                    (0, true, _) => DIM,
                    (1, ..) | (_, _, true) => BOLD,
                    _ => Style::new(),
                };
                text += &styled(style, &cells[line], wide(cells));
            }
            page.line(&text);
        }
        page.line("");
        start = end;
    }
}

/// The text in a style, and spaces behind it.
fn styled(style: Style, text: &str, columns: usize) -> String {
    let spaces = " ".repeat(columns.saturating_sub(width(text)));
    format!("{style}{text}{style:#}{spaces}")
}

fn cells(piece: &Piece, before: Option<&Piece>) -> [String; 3] {
    let text = match piece.special {
        true => "added".to_owned(),
        // The rest of a character that begins in the piece before.
        false if before.is_some_and(|before| piece.straddles(before)) => {
            format!("({})", piece.text)
        }
        false => standing_alone(&piece.text),
    };
    let shown = |text: &str| shortened(text, WIDEST_PIECE);
    // An unknown piece has its text above it.
    let token = piece.readable.as_ref().unwrap_or(&piece.token);
    [shown(&text), shown(token), piece.id.to_string()]
}

/// A combining mark needs something to stand on.
fn standing_alone(text: &str) -> String {
    if width(text) == 0 && !text.is_empty() { format!("◌{text}") } else { text.to_owned() }
}

fn notice(pieces: &Pieces) -> String {
    let mut seen = Vec::new();
    seen.extend(unknown(pieces));
    seen.extend(straddled(pieces));
    seen.extend(spaces(pieces));
    seen.extend(split(pieces));
    seen.extend(lower_case(pieces));
    seen.extend(single_characters(pieces));
    if seen.is_empty() {
        seen.push(match pieces.of_text().next() {
            Some(_) => "Every word is in the vocabulary whole: one word, one piece.".to_owned(),
            None => "Even no text is something to the model.".to_owned(),
        });
    }
    // More than that is no longer a hint.
    seen.truncate(2);
    seen.join(" ")
}

fn unknown(pieces: &Pieces) -> Option<String> {
    const NAMED: usize = 5;
    let unknown: Vec<&Piece> =
        pieces.of_text().map(|(_, piece)| piece).filter(|piece| piece.unknown).collect();
    let first = unknown.first()?;
    let mut texts: Vec<String> = Vec::new();
    for piece in &unknown {
        let text = quoted(&standing_alone(&piece.text), WIDEST_PIECE);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let different = texts.len();
    if different > NAMED {
        texts.truncate(NAMED);
        texts.push("others".to_owned());
    }
    let (token, id) = (printable(&first.token), first.id);
    Some(if different > 1 {
        format!(
            "{} are not in this vocabulary. {} of {} pieces became {token}, all with the id {id}: \
             to the model they are the same, and it can only go by what stands around them.",
            list(&texts),
            unknown.len(),
            pieces.of_text().count()
        )
    } else {
        format!(
            "{} is not in this vocabulary: it became {token}, the id {id} of everything unknown.",
            texts.concat()
        )
    })
}

fn split(pieces: &Pieces) -> Option<String> {
    let words = pieces.split_words();
    let word = words.first()?;
    let mut parts: Vec<String> = word.iter().take(MOST_PARTS).map(|piece| name(piece)).collect();
    if word.len() > MOST_PARTS {
        parts.push(format!("{} more", word.len() - MOST_PARTS));
    }
    let continued = match word.iter().skip(1).all(|piece| piece.token.starts_with("##")) {
        true => " (## says that a piece goes on with a word)",
        false => "",
    };
    Some(format!(
        "{} is not in the vocabulary whole, and is put together from {}{continued}.",
        quoted(spelt(word).trim(), WIDEST_PIECE),
        list(&parts)
    ))
}

/// The text that the pieces stand for. What several share is there once.
fn spelt(pieces: &[&Piece]) -> String {
    let (mut text, mut to) = (String::new(), 0);
    for piece in pieces {
        text.extend(piece.text.chars().skip(to.max(piece.from) - piece.from));
        to = to.max(piece.to);
    }
    text
}

/// A character that is several pieces, in a vocabulary of bytes.
fn straddled(pieces: &Pieces) -> Option<String> {
    let of_text: Vec<&Piece> = pieces.of_text().map(|(_, piece)| piece).collect();
    let parts = of_text.chunk_by(|a, b| b.straddles(a)).find(|parts| parts.len() > 1)?;
    let character = spelt(parts);
    let bytes = match character.trim().chars().count() {
        1 => format!(", and this character is {} of them in UTF-8", character.trim().len()),
        _ => String::new(),
    };
    let names: Vec<String> = parts.iter().map(|piece| name(piece)).collect();
    Some(format!(
        "{} is in pieces that end within a character: {}. This vocabulary is made of bytes, written \
         in ⟨ ⟩ here{bytes}.",
        quoted(character.trim(), WIDEST_PIECE),
        list(&names)
    ))
}

/// How the vocabulary writes the space before a word.
fn spaces(pieces: &Pieces) -> Option<String> {
    let mut of_text = pieces.of_text().map(|(_, piece)| piece);
    let (mark, token) = of_text.find_map(|piece| {
        let mark = piece.token.chars().next().filter(|mark| SPACES.contains(mark))?;
        let name = name(piece);
        // Alone it would be a letter, or a space that belongs to no word.
        (name.starts_with(mark) && name.chars().count() > 1).then_some((mark, name))
    })?;
    Some(format!("{mark} is the space before a word: {} is a piece with it.", quoted(&token, 20)))
}

fn lower_case(pieces: &Pieces) -> Option<String> {
    let lowered = |piece: &&Piece| {
        let bare = piece.token.trim_start_matches("##");
        bare != piece.text && bare == piece.text.to_lowercase()
    };
    let piece = pieces.of_text().map(|(_, piece)| piece).find(lowered)?;
    Some(format!(
        "{} became {}: this vocabulary has no capital letters.",
        quoted(&piece.text, WIDEST_PIECE),
        quoted(&piece.token, WIDEST_PIECE)
    ))
}

/// Chinese and its like: each character is a piece.
fn single_characters(pieces: &Pieces) -> Option<String> {
    let of_text: Vec<&Piece> = pieces.of_text().map(|(_, piece)| piece).collect();
    let is_single = |piece: &Piece| piece.to - piece.from == 1 && width(&piece.text) == 2;
    (of_text.len() > 1 && of_text.iter().all(|piece| is_single(piece)))
        .then(|| "There are no spaces to cut at, so each character is a piece.".to_owned())
}
