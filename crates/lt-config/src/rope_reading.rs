//! Rotary positions as files spell them: `rope_parameters` of transformers 5, or `rope_theta` and
//! `rope_scaling` of transformers 4.

use crate::fields::Fields;
use crate::limits::Checks;
use crate::{ConfigError, RopeParameters, RopeScaling, YarnScaling};

/// What is known around a set of parameters.
struct Around {
    /// θ, if the set does not say.
    rope_theta: f64,
    /// The part of a head that is turned, if the set does not say.
    partial: f64,
    max_position_embeddings: usize,
    /// The longest text of training where it stands outside the set: it wins.
    original: Option<usize>,
    /// Whether yarn rounds: transformers looks outside the sets of single kinds of layer.
    truncate: Option<bool>,
}

const KINDS: [&str; 2] = ["full_attention", "sliding_attention"];
/// What would stand in a set.
const IN_A_SET: [&str; 4] = ["rope_theta", "rope_type", "type", "factor"];

impl RopeParameters {
    /// One set for all layers; `longest` is the family's `max_position_embeddings`.
    pub(crate) fn of_all_layers(
        fields: &Fields,
        default: Self,
        longest: usize,
    ) -> Result<Self, ConfigError> {
        // The older spelling wins, as in transformers.
        let set = match fields.within("rope_scaling")? {
            older if !older.is_empty() => older,
            _ => fields.within("rope_parameters")?,
        };
        for kind in KINDS {
            if set.get(kind).is_some() {
                let expected = "to be absent: this family has one set of parameters for all layers";
                return Err(set.invalid(kind, expected));
            }
        }
        let around = Around {
            rope_theta: fields.real("rope_theta", default.rope_theta)?,
            truncate: truncate(&set)?,
            original: match fields.get("original_max_position_embeddings") {
                Some(_) => Some(fields.size("original_max_position_embeddings", 0)?),
                None => None,
            },
            ..Around::of(fields, longest)?
        };
        Self::of_set(&set, &around)
    }

    /// Gemma 3's: of the layers that see everything, and of those with a window.
    pub(crate) fn of_each_kind(
        fields: &Fields,
        [full, sliding]: [Self; 2],
        longest: usize,
    ) -> Result<[Self; 2], ConfigError> {
        let sets = fields.within("rope_parameters")?;
        for field in IN_A_SET {
            // Without a kind of layer above it, transformers passes over it without a word.
            if sets.get(field).is_some() {
                let expected = "to be in full_attention or sliding_attention";
                return Err(sets.invalid(field, expected));
            }
        }
        let older = fields.within("rope_scaling")?;
        if !older.is_empty() && sets.get(KINDS[0]).is_some() {
            let expected = "to be absent where there is rope_parameters.full_attention";
            return Err(fields.invalid("rope_scaling", expected));
        }
        let around = |theta: &str, default: Self| {
            let rope_theta = fields.real(theta, default.rope_theta)?;
            Ok(Around { rope_theta, truncate: truncate(&sets)?, ..Around::of(fields, longest)? })
        };
        // Only the layers that see everything are stretched by the older spelling.
        let set = if older.is_empty() { sets.within(KINDS[0])? } else { older };
        let full = Self::of_set(&set, &around("rope_theta", full)?)?;
        let around = around("rope_local_base_freq", sliding)?;
        Ok([full, Self::of_set(&sets.within(KINDS[1])?, &around)?])
    }

    fn of_set(set: &Fields, around: &Around) -> Result<Self, ConfigError> {
        let field = if set.get("rope_type").is_some() { "rope_type" } else { "type" };
        let factor = || match set.get("factor") {
            Some(_) => set.real("factor", 1.0),
            None => Err(set.invalid("factor", "a number above 0")),
        };
        let original = || match around.original {
            Some(original) => Ok(original),
            None => set.size("original_max_position_embeddings", around.max_position_embeddings),
        };
        let needed = |field| match set.optional_real(field)? {
            Some(number) => Ok(number),
            None => Err(set.invalid(field, "a number above 0")),
        };
        // 0 is as good as absent, as in transformers.
        let beta = |field, default| match set.real(field, default)? {
            0.0 => Ok(default),
            beta => Ok(beta),
        };
        let scaling = match set.text(field)?.unwrap_or("default") {
            "default" => RopeScaling::Default,
            "linear" => RopeScaling::Linear { factor: factor()? },
            "dynamic" => RopeScaling::Dynamic { factor: factor()? },
            "llama3" => RopeScaling::Llama3 {
                factor: factor()?,
                low_freq_factor: needed("low_freq_factor")?,
                high_freq_factor: needed("high_freq_factor")?,
                original_max_position_embeddings: original()?,
            },
            "yarn" => {
                let default = YarnScaling::default();
                let original = original()?;
                RopeScaling::Yarn(YarnScaling {
                    // null means: by how much the longest text is longer.
                    factor: if set.is_null("factor") {
                        around.max_position_embeddings as f64 / original as f64
                    } else {
                        factor()?
                    },
                    attention_factor: set.optional_real("attention_factor")?,
                    beta_fast: beta("beta_fast", default.beta_fast)?,
                    beta_slow: beta("beta_slow", default.beta_slow)?,
                    mscale: set.optional_real("mscale")?,
                    mscale_all_dim: set.optional_real("mscale_all_dim")?,
                    truncate: around.truncate.unwrap_or(default.truncate),
                    original_max_position_embeddings: original,
                })
            }
            _ => {
                let why = "rotary positions are default, linear, dynamic, llama3 or yarn";
                return Err(set.unsupported(field, why));
            }
        };
        let partial = set.real("partial_rotary_factor", around.partial)?;
        if scaling != RopeScaling::Default && partial != 1.0 {
            let expected = format!("1 with {}: the family turns whole heads", scaling.name());
            return Err(ConfigError::Field {
                origin: set.origin.clone(),
                field: "partial_rotary_factor".to_owned(),
                got: partial.to_string(),
                expected,
            });
        }
        Ok(Self { rope_theta: set.real("rope_theta", around.rope_theta)?, scaling })
    }

    /// Refuses what no angle can be computed from. `head_dim` is even.
    pub(crate) fn check(&self, checks: Checks<'_>, head_dim: usize) -> Result<(), ConfigError> {
        // The angles are computed in f32.
        let positive = |field, number: f64| {
            let single = number as f32;
            if !(single > 0.0 && single.is_finite()) {
                return checks.refuse(field, number, "a number above 0");
            }
            Ok(())
        };
        positive("rope_theta", self.rope_theta)?;
        match self.scaling {
            RopeScaling::Default => Ok(()),
            RopeScaling::Linear { factor } => positive("factor", factor),
            RopeScaling::Dynamic { factor } => {
                positive("factor", factor)?;
                if head_dim <= 2 {
                    // θ grows by a power of k / (k − 2).
                    return checks.refuse(
                        "head_dim",
                        head_dim,
                        "at least 4 with dynamic positions",
                    );
                }
                Ok(())
            }
            RopeScaling::Llama3 {
                factor,
                low_freq_factor: low,
                high_freq_factor: high,
                original_max_position_embeddings: original,
            } => {
                positive("factor", factor)?;
                positive("low_freq_factor", low)?;
                positive("high_freq_factor", high)?;
                if high <= low {
                    let expected = format!("more than low_freq_factor ({low})");
                    return checks.refuse("high_freq_factor", high, expected);
                }
                checks.sizes(&[("original_max_position_embeddings", original)])
            }
            RopeScaling::Yarn(yarn) => {
                let original = yarn.original_max_position_embeddings;
                checks.sizes(&[("original_max_position_embeddings", original)])?;
                positive("factor", yarn.factor)?;
                positive("beta_fast", yarn.beta_fast)?;
                positive("beta_slow", yarn.beta_slow)?;
                if self.rope_theta <= 1.0 {
                    // Which pairs are fast is found with its logarithm.
                    return checks.refuse("rope_theta", self.rope_theta, "above 1 with yarn");
                }
                positive("attention_factor", self.attention_factor())
            }
        }
    }
}

impl Around {
    fn of(fields: &Fields, longest: usize) -> Result<Self, ConfigError> {
        Ok(Self {
            rope_theta: RopeParameters::default().rope_theta,
            partial: fields.real("partial_rotary_factor", 1.0)?,
            max_position_embeddings: fields.size("max_position_embeddings", longest)?,
            original: None,
            truncate: None,
        })
    }
}

/// Whether yarn rounds; `null` is no, as in transformers.
fn truncate(set: &Fields) -> Result<Option<bool>, ConfigError> {
    if set.is_null("truncate") {
        return Ok(Some(false));
    }
    set.get("truncate").map(|_| set.flag("truncate", true)).transpose()
}
