//! Where the norms stand: on the way of the residual, or beside it.

use crate::drawing::{Area, BOLD, Drawing, INK, MIDDLE, WARM};

/// The height and the half width of a box.
const BOX: f64 = 30.0;
const HALF: f64 = 55.0;
/// From the residual to the branch.
const ASIDE: f64 = 120.0;
const TOP: f64 = 40.0;
/// From one sublayer to the next.
const SUBLAYER: f64 = 182.0;

pub(crate) fn draw() -> String {
    let label = "Two layers side by side. Post-LN: the residual runs down through two norms, one behind each \
                 sum. Pre-LN: the residual runs down straight, and the norms stand in the branches before \
                 attention and before the feed-forward layer";
    let mut drawing = Drawing::new(476.0, TOP + 2.0 * SUBLAYER + 44.0, label);
    layer(&mut drawing, 44.0, "post-LN: as BERT", true);
    layer(&mut drawing, 292.0, "pre-LN: as GPT-2", false);
    drawing.finish(
        "The straight line is the residual: what came in, and all that is added to it. With post-LN it goes \
         through every norm; with pre-LN through none, so that the stack ends with one norm more.",
    )
}

fn layer(drawing: &mut Drawing, x: f64, heading: &str, post: bool) {
    drawing.text((x - 10.0, 14.0), &[BOLD], heading);
    drawing.text((x, TOP - 4.0), &[MIDDLE], "x");
    let mut y = TOP + 4.0;
    for (sublayer, norm) in [("attention", "norm₁"), ("feed-forward", "norm₂")] {
        y = branch(drawing, (x, y), sublayer, (norm, post));
    }
    let end = y + 14.0;
    drawing.arrow(&[(x, y), (x, end)], &[("stroke-width", "2.5")]);
    drawing.text((x, end + 18.0), &[MIDDLE], "y");
}

/// A sublayer, from the line at the top to the line at the bottom, whose place is given back.
fn branch(
    drawing: &mut Drawing,
    (x, top): (f64, f64),
    sublayer: &str,
    (norm, post): (&str, bool),
) -> f64 {
    let bottom = top + SUBLAYER;
    let side = x + ASIDE;
    let residual = [("stroke-width", "2.5")];
    let leave = top + 14.0;
    // Of the branch, the boxes from the top to the bottom.
    let boxes: &[(&str, f64)] = if post {
        &[(sublayer, top + 48.0)]
    } else {
        &[(norm, top + 36.0), (sublayer, top + 88.0)]
    };
    let sum = if post { top + 100.0 } else { top + 148.0 };

    let mut from = (x, leave);
    let mut corner = Some((side, leave));
    for &(words, y) in boxes {
        let mut points = vec![from];
        points.extend(corner.take());
        points.push((side, y));
        drawing.arrow(&points, &[]);
        named(drawing, (side, y), words, words == norm);
        from = (side, y + BOX);
    }
    drawing.arrow(&[from, (side, sum), (x + 11.0, sum)], &[]);

    drawing.line((x, top), (x, sum - 11.0), &residual);
    plus(drawing, (x, sum));
    if post {
        let y = sum + 32.0;
        drawing.arrow(&[(x, sum + 11.0), (x, y)], &residual);
        named(drawing, (x, y), norm, true);
        drawing.line((x, y + BOX), (x, bottom), &residual);
    } else {
        drawing.line((x, sum + 11.0), (x, bottom), &residual);
    }
    bottom
}

/// A box with a name; norms are marked.
fn named(drawing: &mut Drawing, (x, y): (f64, f64), words: &str, is_norm: bool) {
    let half = if is_norm { 32.0 } else { HALF };
    let area = Area::new((x - half, y), (2.0 * half, BOX));
    let (colour, opacity) = if is_norm { (WARM, "0.4") } else { (INK, "0.16") };
    drawing.rect(area, &[("fill", colour), ("fill-opacity", opacity), ("rx", "4")]);
    drawing.frame(area, &[("rx", "4")]);
    drawing.text((x, y + BOX / 2.0 + 4.0), &[MIDDLE, ("font-size", "13")], words);
}

fn plus(drawing: &mut Drawing, (x, y): (f64, f64)) {
    drawing.circle((x, y), 11.0, &[("fill", "none"), ("stroke", INK)]);
    drawing.line((x - 6.0, y), (x + 6.0, y), &[]);
    drawing.line((x, y - 6.0), (x, y + 6.0), &[]);
}
