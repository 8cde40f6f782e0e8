//! A picture of a scaling law: losses by what was read, a line for each size of model.

use super::axis::{Axis, Scale, label};
use super::svg::{COLORS, LEFT, LEGEND, RIGHT, Svg, TOP, WIDTH};
use crate::{ScalingLaw, TrainedSize};

const HEIGHT: f64 = 360.0;

/// Draws models that were trained as dots, and a law as lines, both axes by their orders of
/// magnitude: a self-contained SVG.
///
/// ```
/// use lt_recipes::{ScalingLaw, TrainedSize, plot_scaling};
/// let sizes = [1e4, 1e5, 1e6].into_iter().flat_map(|n| [1e5, 1e6, 1e7].map(|d| (n, d)));
/// let loss = |n: f64, d: f64| 1.5 + 8.0 / n.powf(0.3) + 40.0 / d.powf(0.4);
/// let sizes: Vec<TrainedSize> = sizes
///     .map(|(n, d)| TrainedSize { parameters: n, tokens: d, loss: loss(n, d) })
///     .collect();
/// assert!(plot_scaling(&sizes, &ScalingLaw::fit(&sizes)?).starts_with("<svg "));
/// # Ok::<(), lt_recipes::RecipeError>(())
/// ```
#[must_use]
pub fn plot_scaling(sizes: &[TrainedSize], law: &ScalingLaw) -> String {
    let mut models: Vec<f64> = sizes.iter().map(|size| size.parameters).collect();
    models.sort_by(f64::total_cmp);
    models.dedup();
    let tokens = Axis::of(Scale::Logarithmic, sizes.iter().map(|size| size.tokens)).widened();
    let lines = models.iter().flat_map(|n| sizes.iter().map(|size| law.loss(*n, size.tokens)));
    let losses = sizes.iter().map(|size| size.loss).chain(lines);
    let losses = Axis::of(Scale::Logarithmic, losses).widened();

    let top = TOP + LEGEND * models.len() as f64;
    let (width, bottom) = (WIDTH - LEFT - RIGHT, top + HEIGHT);
    let mut svg = Svg::new("Loss by parameters and data", bottom + 40.0);
    let place = |(read, loss): (f64, f64)| {
        let (x, y) = (tokens.position(read)?, losses.position(loss)?);
        Some((LEFT + x * width, bottom - y * HEIGHT))
    };
    svg.words(LEFT, top - 7.0, " font-weight=\"600\"", "loss of a token");
    svg.rows(&losses, 6, (top, HEIGHT));
    svg.columns(&tokens, tokens.ticks(6), (top, HEIGHT));
    svg.words(LEFT + width, bottom + 32.0, " text-anchor=\"end\"", "tokens that were read");
    svg.frame(top, HEIGHT);
    let read = sizes.iter().map(|size| size.tokens);
    let (from, to) = read.fold((f64::INFINITY, 0.0_f64), |(a, b), x| (a.min(x), b.max(x)));
    for (number, model) in models.iter().enumerate() {
        svg.key(number, &format!("{} parameters in the layers", label(*model)));
        let along = (0..=40).map(|n| from * (to / from).powf(f64::from(n) / 40.0));
        let line: Vec<_> = along.map(|read| place((read, law.loss(*model, read)))).collect();
        svg.curve(&line, number);
        let color = COLORS[number % COLORS.len()];
        for size in sizes.iter().filter(|size| size.parameters == *model) {
            if let Some(dot) = place((size.tokens, size.loss)) {
                svg.dot(dot, color);
            }
        }
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_has_a_line_and_each_model_a_dot() {
        let all = [1e4, 1e5, 1e6].into_iter().flat_map(|n| [1e5, 1e6, 1e7].map(|d| (n, d)));
        let sizes: Vec<TrainedSize> = all
            .map(|(parameters, tokens)| {
                let loss = 1.5 + 8.0 / f64::powf(parameters, 0.3) + 40.0 / f64::powf(tokens, 0.4);
                TrainedSize { parameters, tokens, loss }
            })
            .collect();
        let svg = plot_scaling(&sizes, &ScalingLaw::fit(&sizes).unwrap());
        let document = roxmltree::Document::parse(&svg).unwrap();
        let count = |class| {
            document.descendants().filter(|node| node.attribute("class") == Some(class)).count()
        };
        assert_eq!((count("curve"), count("dot")), (3, 9));
    }
}
