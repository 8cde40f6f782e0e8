//! Stage 6 of a language model on the page: what is kept while it writes.

use super::page::Page;
use super::table::Table;
use super::{count, grouped, quoted, token_name};
use crate::tour::cache::{Cache, KeptByLayer, Step, Stop};

/// From this width on, there is room for all digits.
const EXACT_FROM: usize = 60;

pub(crate) fn show(page: &mut Page, cache: &Cache) {
    page.heading(6, "What was read is kept, and one token goes on");
    page.say(
        "To write, the model takes a token, reads it, and takes the next. As no piece looks ahead, \
         what the layers made of the others stays as it is: each layer keeps their keys and values \
         (KV cache, 键值缓存), and only the new token goes through. Here it is the likeliest each time \
         (greedy search, 贪心搜索): which token is read, how many are kept then, in how many bytes, \
         how many keys a head looks at, and whether the scores have the bits that they have without \
         a cache.",
    );
    let steps = &cache.steps;
    // In a narrow terminal large numbers are rounded.
    let number = if page.columns() < EXACT_FROM { rounded } else { grouped };
    let table = Table::new()
        .text("reads", steps.iter().map(reads))
        .number("kept", steps.iter().map(|step| step.kept.to_string()))
        .bar(steps.iter().map(|step| step.kept as f32), most(cache))
        .number("bytes", steps.iter().map(|step| number(step.bytes as u64)))
        .number("keys", steps.iter().map(|step| keys(step, number)))
        .number(
            "bits",
            steps.iter().map(|step| if step.same_bits { "same" } else { "other" }.into()),
        );
    page.lines(table.lines(page.columns()));
    page.line("");
    page.say(&written(cache));
    page.notice(&notice(cache));
}

fn reads(step: &Step) -> String {
    step.token.as_ref().map_or_else(|| "the text".to_owned(), token_name)
}

fn most(cache: &Cache) -> f32 {
    cache.steps.last().map_or(0.0, |step| step.kept as f32)
}

/// The fewest and the most in a layer: a window hides some.
fn keys(step: &Step, number: fn(u64) -> String) -> String {
    let least = step.keys.iter().min().copied().unwrap_or(0);
    let most = step.keys.iter().max().copied().unwrap_or(0);
    if least == most { number(most) } else { format!("{}–{}", number(least), number(most)) }
}

/// In thousands, millions and so on from 10 000 on: at most five characters.
fn rounded(number: u64) -> String {
    let (mut short, mut units) = (number as f64, ["", "k", "M", "G", "T"].iter());
    let mut unit = units.next();
    if number < 10_000 {
        return grouped(number);
    }
    while short >= 999.5 {
        let Some(next) = units.next() else { break };
        (short, unit) = (short / 1000.0, Some(next));
    }
    let decimals = usize::from(short < 99.95);
    format!("{short:.decimals$}{}", unit.unwrap_or(&""))
}

fn written(cache: &Cache) -> String {
    let written: Vec<String> =
        cache.steps.iter().map(|step| quoted(&token_name(&step.next.token), 20)).collect();
    let end = match cache.end {
        Stop::EnoughSeen => "",
        Stop::ContextFull => " The text is as long as the model takes now, so here it stops.",
        Stop::EndToken => " The last one ends a text, so here it stops.",
    };
    format!("It wrote {}.{end}", written.join(" "))
}

fn notice(cache: &Cache) -> String {
    let mut seen = Vec::new();
    if let [_, .., last] = &cache.steps[..] {
        seen.push(saved(last));
    }
    seen.push(price(cache));
    seen.extend(windows(cache).map(str::to_owned));
    seen.push(bits(cache));
    seen.join(" ")
}

/// What the last step took, and what it would have taken.
fn saved(step: &Step) -> String {
    let (with, without) = (step.with_cache, step.without_cache);
    let layers = step.keys.len();
    format!(
        "The last step sent {} through the layers, looked at {} for each head ({} together), and \
         took {} multiplications. Without a cache it would have been {}, {} and {}: {:.1} times the work.",
        count(with.tokens, "token"),
        keys_in_all(with.keys),
        count(layers, "layer"),
        grouped(with.multiplications),
        count(without.tokens, "token"),
        keys_in_all(without.keys),
        grouped(without.multiplications),
        without.multiplications as f64 / with.multiplications.max(1) as f64
    )
}

fn keys_in_all(keys: u64) -> String {
    format!("{} key{}", grouped(keys), if keys == 1 { "" } else { "s" })
}

/// What a token takes in memory.
fn price(cache: &Cache) -> String {
    let bytes = grouped(cache.bytes_per_token as u64);
    let Some(&first) = cache.layers.first() else { return format!("A token costs {bytes} bytes.") };
    let each = match first.key == first.value {
        true => format!("2 × {} × {}", first.heads, first.key),
        false => format!("{} × ({} + {})", first.heads, first.key, first.value),
    };
    let mut price = format!("The price is memory: {bytes} bytes for a token");
    let size = |layer: &KeptByLayer| (layer.heads, layer.key, layer.value);
    if cache.layers.iter().all(|layer| size(layer) == size(&first)) {
        price += &format!(
            ", {} × {each} numbers of 4 bytes, a key and a value for each head of keys in each layer",
            cache.layers.len()
        );
    }
    price += ".";
    let groups = first.query_heads / first.heads.max(1);
    if groups > 1 {
        price += &format!(
            " With a head of keys for each of the {} heads it would be {groups} times as much.",
            first.query_heads
        );
    }
    price
}

/// What is kept and not looked at any more.
fn windows(cache: &Cache) -> Option<&'static str> {
    let kept = cache.steps.last()?.kept;
    let hides = |layer: &KeptByLayer| layer.window.is_some_and(|reach| reach + 1 < kept);
    cache.layers.iter().any(hides).then_some(
        "A layer with a window looks at no more than that holds; what has left it is kept all the \
         same here.",
    )
}

/// Whether the cache changed anything.
fn bits(cache: &Cache) -> String {
    let other = cache.steps.iter().filter(|step| !step.same_bits).count();
    let all = cache.steps.len();
    match other {
        0 => "Every score was computed without the cache too, and has the same bits.".to_owned(),
        _ => format!(
            "In {other} of {all} steps the scores have other bits than without the cache: this \
             model turns keys by angles that grow with the text, and those that are kept have the \
             angles of a shorter one."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_numbers_are_short() {
        let numbers =
            [0, 9999, 10_000, 99_949, 99_951, 999_499, 999_500, 1_234_567, 88_000_000_000];
        let written = numbers.map(rounded);
        let expected =
            ["0", "9\u{a0}999", "10.0k", "99.9k", "100k", "999k", "1.0M", "1.2M", "88.0G"];
        assert_eq!(written, expected);
        assert!(rounded(u64::MAX).len() < 12);
    }
}
