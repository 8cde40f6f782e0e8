//! A picture of runs: loss, learning rate and the norm of the gradient, by step.

mod axis;
mod metrics;
mod scaling;
mod svg;
mod thinned;

pub use axis::Scale;
pub use metrics::{Metrics, Point};
pub use scaling::plot_scaling;

use std::path::Path;

use crate::Result;
use crate::hf_folder::write;

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PlotSettings {
    /// The axis of the loss.
    pub loss: Scale,
    /// That of the steps.
    pub steps: Scale,
    /// That of the norm of the gradient.
    pub norm: Scale,
}

impl PlotSettings {
    /// With all but the learning rate by their orders of magnitude.
    #[must_use]
    pub fn logarithmic(scale: Scale) -> Self {
        Self { loss: scale, norm: scale, ..Self::default() }
    }

    /// With the steps on this axis.
    #[must_use]
    pub fn steps(self, steps: Scale) -> Self {
        Self { steps, ..self }
    }
}

/// Draws runs into one picture: a self-contained SVG, readable on light and dark ground, without
/// scripts.
///
/// ```
/// use lt_recipes::{Metrics, PlotSettings, plot};
/// let lines = r#"{"step":0,"loss":2.0,"learning_rate":0.1,"gradient_norm":1.5}
/// {"step":1,"loss":1.0,"learning_rate":0.05,"gradient_norm":1.0}"#;
/// let run = Metrics::parse("a < b", lines)?;
/// let svg = plot(&[run], PlotSettings::default());
/// assert!(svg.starts_with("<svg ") && svg.contains("a &lt; b"));
/// # Ok::<(), lt_recipes::RecipeError>(())
/// ```
#[must_use]
pub fn plot(runs: &[Metrics], settings: PlotSettings) -> String {
    svg::draw(runs, settings)
}

/// Draws runs into a file, which is written beside and renamed.
///
/// # Errors
/// If it cannot be written.
pub fn plot_to(path: impl AsRef<Path>, runs: &[Metrics], settings: PlotSettings) -> Result<()> {
    write(path.as_ref(), plot(runs, settings).as_bytes())
}
