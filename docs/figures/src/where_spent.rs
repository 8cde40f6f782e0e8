//! Where the parameters of a model are, and where its work is.

use anyhow::{Result, bail, ensure};
use lt_config::{BertConfig, ModelConfig};
use lt_core::{Params, weights};
use lt_model::{CausalLm, Decoder, Layers, MaskedLm, TextEncoder};

use crate::drawing::{Area, BOLD, Drawing, END, HUES, MIDDLE, SMALL};

/// The kinds of parts.
const PARTS: [&str; 5] =
    ["embedding", "attention: matrices", "attention: scores", "feed-forward", "head"];
const EMBEDDING: usize = 0;
const ATTENTION: usize = 1;
const SCORES: usize = 2;
const FEED_FORWARD: usize = 3;
const HEAD: usize = 4;

/// `config.json` of SmolLM2-135M, a Llama as small as BERT base, in what sizes depend on.
const SMALL_LLAMA: &str = r#"{
    "model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536,
    "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3,
    "max_position_embeddings": 8192, "tie_word_embeddings": true
}"#;

const WIDTH: f64 = 480.0;
const TOP: f64 = 58.0;
const BAR: f64 = 26.0;
const STEP: f64 = 58.0;
/// More room between the two models.
const BREAK: f64 = 16.0;

/// How much of something each kind of part has.
type Shares = [f64; PARTS.len()];

/// A bar.
struct Row {
    name: String,
    total: String,
    shares: Shares,
}

pub(crate) fn draw() -> Result<String> {
    let bert = ModelConfig::Bert(BertConfig::default());
    let llama = ModelConfig::from_json(SMALL_LLAMA)?;
    let bert_model = MaskedLm::zeros(&bert, Decoder::Tied)?;
    let llama_model = CausalLm::zeros(&llama, Decoder::Tied)?;
    let bert = Counted::new(&bert_model, bert_model.encoder())?;
    let llama = Counted::new(&llama_model, llama_model.encoder())?;
    // The head is counted apart, and the configuration counts the rest.
    let rest = bert.parameters.iter().sum::<f64>() - bert.parameters[HEAD];
    ensure!(rest == BertConfig::default().parameter_count() as f64, "two counts of BERT base");

    let mut rows = Vec::new();
    for (name, model, lengths) in
        [("BERT base", &bert, [128, 512]), ("SmolLM2-135M, a small Llama", &llama, [512, 8192])]
    {
        let parameters = model.parameters;
        let total = format!("{:.0} million", parameters.iter().sum::<f64>() / 1e6);
        rows.push(Row { name: format!("{name}: parameters"), total, shares: parameters });
        let fifth = |share: f64, shares: Shares| {
            (0.18..0.23).contains(&(share / shares.iter().sum::<f64>()))
        };
        ensure!(fifth(parameters[EMBEDDING], parameters), "{name}: the embedding is no fifth");
        let short = model.work(lengths[0]);
        ensure!(fifth(short[HEAD], short), "{name}: the head does not do a fifth of the work");
        for tokens in lengths {
            let shares = model.work(tokens);
            let total = format!("{:.0} GFLOP", shares.iter().sum::<f64>() / 1e9);
            rows.push(Row { name: format!("work on {tokens} tokens"), total, shares });
        }
    }
    let label = "Six bars divided among embedding, matrices of attention, scores of attention, feed-forward layers \
                 and head: parameters and work of BERT base and of a small Llama";
    let height = TOP + 6.0 * STEP + BREAK + 2.0;
    let mut drawing = Drawing::new(WIDTH, height, label);
    legend(&mut drawing);
    for (number, row) in rows.iter().enumerate() {
        row.draw(&mut drawing, TOP + number as f64 * STEP + if number < 3 { 0.0 } else { BREAK });
    }
    Ok(drawing.finish(
        "The table of words holds a fifth of the parameters and costs nothing to look up; as the head it holds \
         none of its own, for it is the same table, and on short texts costs a fifth of the work. The scores of \
         attention grow with the square of the length, all else with the length. Work is that of the matrix \
         products, the head's for every token.",
    ))
}

/// A model by its weights.
struct Counted {
    parameters: Shares,
    /// Operations for one token.
    per_token: Shares,
    /// Operations for a query that looks at a key, in all layers.
    per_pair: f64,
    /// Whether tokens look back only.
    causal: bool,
}

impl Counted {
    fn new(model: &dyn Params, encoder: &TextEncoder) -> Result<Self> {
        let (mut parameters, mut per_token) = (Shares::default(), Shares::default());
        for (name, weight) in weights(model) {
            let part = part(&name)?;
            let size = weight.len() as f64;
            parameters[part] += size;
            // A table is looked up, and what is no matrix is added or multiplied once.
            if part != EMBEDDING && weight.shape().len() == 2 {
                per_token[part] += 2.0 * size;
            }
        }
        // A tied head multiplies with the table of words.
        per_token[HEAD] += 2.0 * encoder.embeddings().token().weight().len() as f64;
        // A score takes k multiplications and sums in each head, and the mean of the values as many.
        let per_pair = encoder.layers().attentions().into_iter().map(|attention| {
            let (heads, shape) = (attention.config().heads, attention.cache_shape());
            (2 * heads * (shape.key + shape.value)) as f64
        });
        let per_pair = per_pair.sum();
        let causal = matches!(encoder.layers(), Layers::Decoder(_));
        Ok(Self { parameters, per_token, per_pair, causal })
    }

    /// Operations for a text of so many tokens, all of whose scores are wanted.
    fn work(&self, tokens: usize) -> Shares {
        let tokens = tokens as f64;
        let pairs = if self.causal { tokens * (tokens + 1.0) / 2.0 } else { tokens * tokens };
        let mut work = self.per_token.map(|each| each * tokens);
        work[SCORES] = self.per_pair * pairs;
        work
    }
}

/// Which kind of part a weight belongs to, by its name.
fn part(name: &str) -> Result<usize> {
    let within = |part: &str| name.split('.').any(|place| place.starts_with(part));
    Ok(match name {
        _ if within("embeddings") => EMBEDDING,
        _ if within("attention") => ATTENTION,
        _ if within("feed_forward") => FEED_FORWARD,
        // The last norm of a decoder stands before its head.
        _ if within("head") || within("norm") => HEAD,
        _ => bail!("nothing is known of the weight {name}"),
    })
}

fn legend(drawing: &mut Drawing) {
    let places = [(0, 0.0), (1, 0.0), (2, 0.0), (0, 1.0), (1, 1.0)];
    for (part, (column, line)) in places.into_iter().enumerate() {
        let corner = ([0.0, 140.0, 320.0][column], 4.0 + line * 20.0);
        let look = [("fill", HUES[part]), ("fill-opacity", "0.75")];
        drawing.rect(Area::new(corner, (14.0, 14.0)), &look);
        drawing.text((corner.0 + 20.0, corner.1 + 11.5), &[], PARTS[part]);
    }
}

impl Row {
    fn draw(&self, drawing: &mut Drawing, top: f64) {
        drawing.text((0.0, top + 12.0), &[BOLD], &self.name);
        drawing.text((WIDTH, top + 12.0), &[END], &self.total);
        let whole: f64 = self.shares.iter().sum();
        let mut x = 0.0;
        for (part, share) in self.shares.into_iter().enumerate() {
            let width = share / whole * WIDTH;
            let area = Area::new((x, top + 18.0), (width, BAR));
            if width >= 0.5 {
                drawing.rect(area, &[("fill", HUES[part]), ("fill-opacity", "0.75")]);
            }
            if width >= 26.0 {
                let words = format!("{:.0} %", share / whole * 100.0);
                let (middle, y) = area.middle();
                drawing.text((middle, y + 4.0), &[MIDDLE, SMALL], &words);
            }
            x += width;
        }
    }
}
