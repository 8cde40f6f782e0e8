//! A loss that falls, and the learning rate at each of its steps: of the picture that `lt plot` drew
//! of the run that made lt-tiny-bert.

use anyhow::{Context as _, Result, ensure};
use roxmltree::{Document, Node};

use crate::drawing::{Area, BOLD, Drawing, END, FAINT, MIDDLE, SMALL, WARM};

const RUN: &str = include_str!("../../../crates/lt-tiny-bert/recipe/loss.svg");

/// Of so many steps one is drawn: all of them would be a band, and a burden for the page.
const EVERY: usize = 5;
/// How many words the model chooses among.
const WORDS: f64 = 9000.0;

/// Where the two panels lie.
const LEFT: f64 = 44.0;
const WIDTH: f64 = 620.0;
const TOP: f64 = 30.0;
const LOSS: f64 = 170.0;
const RATE_TOP: f64 = TOP + LOSS + 40.0;
const RATE: f64 = 80.0;
/// The highest numbers of their axes.
const MOST_LOSS: f64 = 10.0;
const MOST_RATE: f64 = 8e-4;

/// A step and a number.
type Point = (f64, f64);

/// What one panel of the picture shows.
struct Curve {
    line: Vec<Point>,
    dots: Vec<Point>,
}

pub(crate) fn draw() -> Result<String> {
    let document = Document::parse(RUN)?;
    let (loss, rate) = (curve(&document, "loss")?, curve(&document, "learning rate")?);
    let peak = rate.line.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a });
    let (warm, highest) = peak.context("a rate")?;
    ensure!((warm - 200.0).abs() < 1.0, "the warm-up ends at step {warm}");
    ensure!((highest / 7e-4 - 1.0).abs() < 0.01, "the rate goes up to {highest}");
    let (_, first) = loss.line[0];
    // More than whoever takes all words for equally likely.
    ensure!(first > WORDS.ln(), "the loss begins at {first}");
    let then = mean(&loss.line[195..205]);
    let (steps, last) = *loss.dots.last().context("an evaluation")?;
    ensure!(loss.dots.is_sorted_by(|a, b| a.1 > b.1), "each evaluation is better than the last");

    let label = "Two curves over the steps of a training run. The loss falls steeply while the learning rate rises to \
                 its peak, then ever more slowly and with many small jumps while the rate falls to 0; dots of the loss \
                 on other text lie along it";
    let mut drawing = Drawing::new(LEFT + WIDTH + 20.0, RATE_TOP + RATE + 26.0, label);
    let upper = Area::new((LEFT, TOP), (WIDTH, LOSS));
    let lower = Area::new((LEFT, RATE_TOP), (WIDTH, RATE));
    let across = |step: f64| LEFT + step / steps * WIDTH;
    let place = |area: Area, most: f64| {
        move |(step, value): Point| (across(step), area.y + (1.0 - value / most) * area.height)
    };
    let (in_upper, in_lower) = (place(upper, MOST_LOSS), place(lower, MOST_RATE));

    drawing.text((LEFT, TOP - 12.0), &[BOLD], "loss");
    for value in [0.0, 2.0, 4.0, 6.0, 8.0, 10.0] {
        row(&mut drawing, upper, in_upper((0.0, value)).1, &value.to_string());
    }
    drawing.text((LEFT, RATE_TOP - 12.0), &[BOLD], "learning rate");
    for (value, words) in [(0.0, "0"), (4e-4, "4·10⁻⁴"), (8e-4, "8·10⁻⁴")] {
        row(&mut drawing, lower, in_lower((0.0, value)).1, words);
    }
    for step in [0.0, 300.0, 600.0, 900.0, 1200.0, 1500.0] {
        let at = (across(step), RATE_TOP + RATE + 18.0);
        drawing.text(at, &[MIDDLE, SMALL], &step.to_string());
    }
    let guessed = in_upper((0.0, WORDS.ln())).1;
    let dashed = [("stroke-dasharray", "5 4"), ("stroke-opacity", "0.7")];
    drawing.line((LEFT, guessed), (LEFT + WIDTH, guessed), &dashed);
    let words = "ln 9000: all words equally likely";
    drawing.text((LEFT + WIDTH, guessed + 15.0), &[END, SMALL, FAINT], words);
    for area in [upper, lower] {
        drawing.line((across(warm), area.y), (across(warm), area.y + area.height), &dashed);
    }
    drawing.text(
        (across(warm) + 6.0, RATE_TOP + RATE - 8.0),
        &[SMALL, FAINT],
        "end of the warm-up",
    );
    let thin: Vec<Point> = loss.line.iter().copied().step_by(EVERY).map(&in_upper).collect();
    drawing.path(&thin, &[("stroke-width", "1.2"), ("stroke-linejoin", "round")]);
    // Straight up and straight down.
    let ends = [(0.0, 0.0), (warm, highest), (steps, 0.0)].map(&in_lower);
    drawing.path(&ends, &[("stroke-width", "1.6")]);
    for &dot in &loss.dots {
        drawing.circle(in_upper(dot), 4.0, &[("fill", WARM)]);
    }
    Ok(drawing.finish(&format!(
        "lt-tiny-bert learns to guess hidden words: lt train mlm --config crates/lt-tiny-bert/recipe/model.toml. \
         The line is the loss of every fifth step, a dot the loss on text that was held out. While the rate \
         rises, the loss falls from {first:.1} to {then:.1}; at the last dot it is {last:.1}. The whole picture, \
         with the norm of the gradient, is what lt plot target/lt-tiny-bert/run --out loss.svg draws."
    )))
}

/// A line across a panel, and what it stands for.
fn row(drawing: &mut Drawing, area: Area, y: f64, words: &str) {
    drawing.line((area.x, y), (area.x + area.width, y), &[("stroke-opacity", "0.2")]);
    drawing.text((area.x - 6.0, y + 4.0), &[END, SMALL], words);
}

fn mean(points: &[Point]) -> f64 {
    points.iter().map(|(_, value)| value).sum::<f64>() / points.len() as f64
}

/// The panel of this title, back in steps and numbers.
fn curve(document: &Document<'_>, title: &str) -> Result<Curve> {
    let elements = || document.root_element().children().filter(Node::is_element);
    let is_title = |node: &Node<'_, '_>| node.attribute("font-weight").is_some();
    let panel: Vec<Node<'_, '_>> = elements()
        .skip_while(|node| !is_title(node) || node.text() != Some(title))
        .enumerate()
        .take_while(|(at, node)| *at == 0 || !is_title(node))
        .map(|(_, node)| node)
        .collect();
    // The numbers beside the axes, and where they stand; a line is 4 above the foot of its number.
    let scale = |anchor: &str, place: &str, foot: f64| {
        let numbers = panel.iter().filter(|node| node.attribute("text-anchor") == Some(anchor));
        let known: Vec<Point> = numbers
            .filter_map(|node| {
                let at: f64 = node.attribute(place)?.parse().ok()?;
                Some((at - foot, node.text()?.parse().ok()?))
            })
            .collect();
        let [(from, low), .., (to, high)] = known[..] else { return None };
        Some(move |at: f64| low + (at - from) / (to - from) * (high - low))
    };
    let step = scale("middle", "x", 0.0).with_context(|| format!("{title} has no steps"))?;
    let value = scale("end", "y", 4.0).with_context(|| format!("{title} has no numbers"))?;
    let of_class = |class: &'static str| {
        panel.iter().filter(move |node| node.attribute("class") == Some(class))
    };
    let number = |text: Option<&str>| -> Result<f64> { Ok(text.context("a place")?.parse()?) };
    let mut line = Vec::new();
    for curve in of_class("curve") {
        let path = curve.attribute("d").context("a path")?;
        for place in path.split(['M', 'L']).filter(|place| !place.is_empty()) {
            let (x, y) = place.split_once(' ').context("a place has two numbers")?;
            line.push((step(number(Some(x))?), value(number(Some(y))?)));
        }
    }
    let mut dots = Vec::new();
    for dot in of_class("dot") {
        dots.push((step(number(dot.attribute("cx"))?), value(number(dot.attribute("cy"))?)));
    }
    ensure!(!line.is_empty(), "{title} has no line");
    Ok(Curve { line, dots })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the recipe says, and the table of the model's page.
    #[test]
    fn the_curves_are_those_of_the_recipe() {
        let document = Document::parse(RUN).unwrap();
        let (loss, rate) =
            (curve(&document, "loss").unwrap(), curve(&document, "learning rate").unwrap());
        assert_eq!((loss.line.len(), rate.line.len()), (1500, 1500));
        let near = |a: f64, b: f64, by: f64| assert!((a - b).abs() < by, "{a} for {b}");
        for (number, (step, _)) in loss.dots.iter().enumerate() {
            near(*step, 300.0 * (number as f64 + 1.0), 0.5);
        }
        assert_eq!(loss.dots.len(), 5);
        // 3.69 was measured on the model of 8 bits, with other words hidden.
        near(loss.dots[4].1, 3.69, 0.05);
        // What the chapter says of the loss: where it begins, how it jumps, and that the dots fall.
        near(loss.line[0].1, 9.8, 0.05);
        near(WORDS.ln(), 9.1, 0.01);
        assert!(loss.dots.is_sorted_by(|a, b| a.1 > b.1));
        let off: Vec<f64> = loss.line[1000..]
            .windows(51)
            .map(|around| (around[25].1 - mean(around)).powi(2))
            .collect();
        near((off.iter().sum::<f64>() / off.len() as f64).sqrt(), 0.15, 0.02);
        for (step, value) in rate.line {
            let factor = (step / 200.0).min((1500.0 - step) / 1300.0);
            near(value, 7e-4 * factor, 2e-6);
        }
    }
}
