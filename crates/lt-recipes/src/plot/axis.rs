//! An axis: where a number is drawn, and which numbers are written beside it.

/// How numbers are laid out on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// By their orders of magnitude. What is not above 0 is not drawn.
    Logarithmic,
}

/// An axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    scale: Scale,
    /// The numbers at its ends, on a logarithmic one their logarithms.
    from: f64,
    to: f64,
}

impl Axis {
    /// One that has room for all of these numbers.
    pub(crate) fn of(scale: Scale, values: impl Iterator<Item = f64>) -> Self {
        let placed = values.filter_map(|value| place(scale, value));
        let (from, to) = placed
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(from, to), x| (from.min(x), to.max(x)));
        match (from.is_finite(), from < to) {
            (false, _) => Self { scale, from: 0.0, to: 1.0 },
            (true, true) => Self { scale, from, to },
            // A number alone stands in the middle.
            (true, false) => {
                let around = if from == 0.0 { 1.0 } else { from.abs() * 0.5 };
                Self { scale, from: from - around, to: to + around }
            }
        }
    }

    /// With a little room at its ends.
    pub(crate) fn widened(self) -> Self {
        let room = 0.04 * (self.to - self.from);
        Self { from: self.from - room, to: self.to + room, ..self }
    }

    /// Where a number is: 0 at the beginning of the axis, 1 at its end.
    pub(crate) fn position(&self, value: f64) -> Option<f64> {
        place(self.scale, value).map(|x| (x - self.from) / (self.to - self.from))
    }

    /// The numbers that are written beside it, about so many, ascending.
    pub(crate) fn ticks(&self, about: usize) -> Vec<f64> {
        let range = self.to - self.from;
        if self.scale == Scale::Logarithmic {
            let (first, last) = (self.from.ceil() as i32, self.to.floor() as i32);
            let every = ((last - first) / about.max(1) as i32 + 1).max(1);
            let powers: Vec<f64> =
                (first..=last).step_by(every as usize).map(|power| 10_f64.powi(power)).collect();
            if powers.len() >= 2 {
                return powers;
            }
            // Less than two orders of magnitude: numbers between them.
            let (from, to) = (10_f64.powf(self.from), 10_f64.powf(self.to));
            let between = (first - 1..=last)
                .flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * 10_f64.powi(power)));
            let between: Vec<f64> = between.filter(|tick| (from..=to).contains(tick)).collect();
            if between.len() >= 3 {
                return between;
            }
            return round_numbers(from, to, about).filter(|tick| *tick > 0.0).collect();
        }
        debug_assert!(range > 0.0);
        round_numbers(self.from, self.to, about).collect()
    }
}

fn place(scale: Scale, value: f64) -> Option<f64> {
    let placed = match scale {
        Scale::Linear => value,
        Scale::Logarithmic if value > 0.0 => value.log10(),
        Scale::Logarithmic => return None,
    };
    placed.is_finite().then_some(placed)
}

/// Multiples of 1, 2 or 5 times a power of ten between two numbers, about so many.
fn round_numbers(from: f64, to: f64, about: usize) -> impl Iterator<Item = f64> {
    let rough = (to - from) / about.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
    (first..=last).map(move |multiple| multiple as f64 * step)
}

/// A number as it is written: short, and exact enough to tell it from its neighbours.
pub(crate) fn label(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e6).contains(&size) {
        let text = format!("{value:.1e}");
        text.replace(".0e", "e")
    } else {
        let text = format!("{value:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lie_between_the_ends() {
        let axis = Axis::of(Scale::Linear, [3.0, 1.0, f64::NAN, 2.0].into_iter());
        assert_eq!((axis.position(1.0), axis.position(3.0)), (Some(0.0), Some(1.0)));
        assert_eq!(axis.position(f64::INFINITY), None);
        let axis = Axis::of(Scale::Logarithmic, [1e-2, 1e2, 0.0].into_iter());
        assert!((axis.position(1.0).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(axis.position(0.0), None);
        let alone = Axis::of(Scale::Linear, [4.0].into_iter());
        assert_eq!(alone.position(4.0), Some(0.5));
        assert!(Axis::of(Scale::Linear, [].into_iter()).position(0.5).is_some());
    }

    #[test]
    fn what_is_written_beside_it_is_round() {
        let ticks = |scale, values: &[f64]| -> Vec<String> {
            Axis::of(scale, values.iter().copied()).ticks(5).into_iter().map(label).collect()
        };
        assert_eq!(ticks(Scale::Linear, &[0.0, 10.0]), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(ticks(Scale::Linear, &[1.3, 2.1]), ["1.4", "1.6", "1.8", "2"]);
        assert_eq!(
            ticks(Scale::Linear, &[0.0, 5e-5]),
            ["0", "1e-5", "2e-5", "3e-5", "4e-5", "5e-5"]
        );
        assert_eq!(ticks(Scale::Logarithmic, &[0.05, 200.0]), ["0.1", "1", "10", "100"]);
        assert_eq!(ticks(Scale::Logarithmic, &[2.0, 6.0]), ["2", "3", "4", "5", "6"]);
        assert_eq!(ticks(Scale::Logarithmic, &[0.3, 4.0]), ["0.5", "1", "2"]);
        assert_eq!(ticks(Scale::Linear, &[1e6, 3e6]), ["1e6", "1.5e6", "2e6", "2.5e6", "3e6"]);
    }
}
