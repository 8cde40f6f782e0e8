//! What a worker does.

use std::io::{self, BufReader, BufWriter, Write};
use std::net::{TcpStream, ToSocketAddrs};

use lt_core::{Scratch, Train, zeros_like};

use super::wire::{
    COMPUTED, GREETING, PARAMETERS, REFUSED, SHARD, VERSION, read_number, read_weights, unexpected,
    write_number, write_text, write_weights,
};
use crate::{Batches, Objective, Recipe, Result, TrainError};

/// Computes shards for the leader at this address, until the leader ends.
///
/// Recipe, objective, data and the shapes of the model are the leader's; its parameters come from
/// there. `secret` is what the leader's [`Doorway`](super::Doorway) expects.
///
/// # Errors
/// [`TrainError::Worker`] if there is no leader, or something comes that no leader says. What a
/// shard is refused for goes to the leader.
pub fn serve<O: Objective>(
    leader: impl ToSocketAddrs,
    secret: &str,
    recipe: &Recipe,
    objective: &O,
    batches: &dyn Batches<Shard = O::Shard>,
    model: &mut O::Model,
) -> Result<()> {
    let name = || format!("process {}", std::process::id());
    let lost = |source| TrainError::Worker { worker: name(), step: 0, source };
    let stream = TcpStream::connect(leader).map_err(lost)?;
    stream.set_nodelay(true).map_err(lost)?;
    let mut from = BufReader::new(stream.try_clone().map_err(lost)?);
    let mut to = BufWriter::new(stream);
    greet(&mut to, secret, recipe).map_err(lost)?;

    let mut step = Step::default();
    let mut scratch = Scratch::new();
    loop {
        match read_number(&mut from) {
            // The leader has ended.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(lost(error)),
            Ok(PARAMETERS) => {
                step = Step::read(&mut from).map_err(lost)?;
                read_weights(&mut from, model).map_err(lost)?;
                step.shards = Some(batches.shards(step.number).map_err(|error| error.to_string()));
            }
            Ok(SHARD) => {
                let number = read_number(&mut from).map_err(lost)?;
                let mut train = Train::new(recipe.seed, step.number);
                train.scratch = scratch;
                let mut grads = zeros_like(model);
                let computed = step.shard(number).and_then(|shard| {
                    objective
                        .gradient(model, shard, &mut train, step.scale, &mut grads)
                        .map_err(|error| error.to_string())
                });
                scratch = train.scratch;
                answer(&mut to, computed, &grads).map_err(lost)?;
            }
            Ok(other) => return Err(lost(unexpected(format!("a request of kind {other}")))),
        }
    }
}

fn greet(to: &mut impl Write, secret: &str, recipe: &Recipe) -> io::Result<()> {
    write_number(to, GREETING)?;
    write_number(to, VERSION)?;
    write_text(to, secret)?;
    write_text(to, &recipe.fingerprint()?)?;
    write_number(to, std::process::id().into())?;
    to.flush()
}

fn answer(
    to: &mut impl Write,
    computed: std::result::Result<f64, String>,
    grads: &impl lt_core::Params,
) -> io::Result<()> {
    match computed {
        Ok(loss) => {
            write_number(to, COMPUTED)?;
            write_number(to, loss.to_bits())?;
            write_weights(to, grads)?;
        }
        Err(why) => {
            write_number(to, REFUSED)?;
            write_text(to, &why)?;
        }
    }
    to.flush()
}

/// What is the same for all shards of a step.
struct Step<S> {
    number: u64,
    scale: f32,
    shards: Option<std::result::Result<Vec<S>, String>>,
}

impl<S> Default for Step<S> {
    fn default() -> Self {
        Self { number: 0, scale: 0.0, shards: None }
    }
}

impl<S> Step<S> {
    fn read(from: &mut impl io::Read) -> io::Result<Self> {
        let number = read_number(from)?;
        let scale = f32::from_bits(read_number(from)? as u32);
        Ok(Self { number, scale, shards: None })
    }

    fn shard(&self, number: u64) -> std::result::Result<&S, String> {
        let shards = self.shards.as_ref().ok_or("no parameters were sent before a shard")?;
        let shards = shards.as_ref().map_err(Clone::clone)?;
        shards.get(number as usize).ok_or_else(|| {
            format!("shard {number} of {}: is the data that of the leader?", shards.len())
        })
    }
}
