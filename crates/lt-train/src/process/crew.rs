//! What the leader does.

use std::io::{self, BufReader, BufWriter, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lt_core::zeros_like;

use super::wire::{
    COMPUTED, GREETING, PARAMETERS, REFUSED, SHARD, VERSION, read_number, read_text, read_weights,
    unexpected, write_number, write_weights,
};
use crate::step::{Gathered, check_loss};
use crate::tree::{GradientTree, Sum};
use crate::{Objective, Recipe, Result, TrainError};

/// Where workers knock: a port of this machine that nobody outside can reach.
#[derive(Debug)]
pub struct Doorway {
    listener: TcpListener,
    secret: String,
}

/// Worker processes, ready to compute.
#[derive(Debug)]
pub struct Crew {
    workers: Vec<Mutex<Worker>>,
}

/// One process, and the way to it.
#[derive(Debug)]
struct Worker {
    name: String,
    from: BufReader<TcpStream>,
    to: BufWriter<TcpStream>,
}

impl Doorway {
    /// A free port. Whoever does not know the secret is turned away: make it up anew for each run,
    /// and hand it to the workers by environment or pipe, not as an argument that others can see.
    ///
    /// # Errors
    /// [`TrainError::Worker`] if the system gives none.
    pub fn open(secret: impl Into<String>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(nobody)?;
        Ok(Self { listener, secret: secret.into() })
    }

    /// Where it is: what [`serve`](super::serve) is called with.
    ///
    /// # Errors
    /// [`TrainError::Worker`] if the system does not say.
    pub fn address(&self) -> Result<SocketAddr> {
        self.listener.local_addr().map_err(nobody)
    }

    /// Waits for so many workers of this recipe.
    ///
    /// # Errors
    /// [`TrainError::Worker`] if they have not come by then; of those that were turned away, it
    /// says why the last one was.
    pub fn wait_for(&self, workers: usize, recipe: &Recipe, patience: Duration) -> Result<Crew> {
        let until = Instant::now() + patience;
        self.listener.set_nonblocking(true).map_err(nobody)?;
        let fingerprint = recipe.fingerprint().map_err(nobody)?;
        let (mut crew, mut turned_away) = (Vec::new(), String::new());
        while crew.len() < workers {
            match self.listener.accept() {
                Ok((stream, _)) => match self.let_in(stream, &fingerprint, until) {
                    Ok(worker) => crew.push(Mutex::new(worker)),
                    Err(error) => turned_away = format!("; one was turned away: {error}"),
                },
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if Instant::now() >= until {
                        let came = crew.len();
                        let text = format!("expected {workers} workers, {came} came{turned_away}");
                        return Err(nobody(io::Error::new(io::ErrorKind::TimedOut, text)));
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(nobody(error)),
            }
        }
        Ok(Crew { workers: crew })
    }

    fn let_in(&self, stream: TcpStream, recipe: &str, until: Instant) -> io::Result<Worker> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        let patience =
            until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        stream.set_read_timeout(Some(patience))?;
        let mut from = BufReader::new(stream.try_clone()?);
        let greeting = (read_number(&mut from)?, read_number(&mut from)?);
        if greeting != (GREETING, VERSION) {
            return Err(unexpected("it is another program, or another version"));
        }
        if read_text(&mut from)? != self.secret {
            return Err(unexpected("it does not know the secret"));
        }
        if read_text(&mut from)? != recipe {
            return Err(unexpected("it has another recipe"));
        }
        let name = format!("process {}", read_number(&mut from)?);
        // A shard may take as long as it likes; a process that ends is noticed at once.
        stream.set_read_timeout(None)?;
        Ok(Worker { name, from, to: BufWriter::new(stream) })
    }
}

impl Crew {
    /// The mean loss and its gradient over all labels of these shards, which are those of a step:
    /// the bits of [`Stepper::gather`](crate::Stepper::gather).
    ///
    /// # Errors
    /// [`TrainError::Worker`] with the name of a worker that is lost, or with what it refused; and
    /// as for [`Stepper::gather`](crate::Stepper::gather). The crew is of no use after that.
    pub fn gather<O: Objective>(
        &self,
        objective: &O,
        model: &O::Model,
        shards: &[O::Shard],
        step: u64,
    ) -> Result<Gathered<O::Model>> {
        let labels: usize = shards.iter().map(|shard| objective.labels(shard)).sum();
        if labels == 0 {
            return Err(TrainError::NoLabels { step });
        }
        let scale = (1.0 / labels as f64) as f32;
        let failed = AtomicBool::new(false);
        // Each begins with a shard of its own, so that one that is lost is noticed in every step,
        // and then takes the next that nobody has.
        let next = AtomicUsize::new(self.workers.len());
        let tree = Mutex::new(GradientTree::new(shards.len()));
        let losses = Mutex::new(vec![0.0; shards.len()]);
        let work = |first: usize, worker: &Mutex<Worker>| {
            let mut worker = worker.lock().unwrap_or_else(PoisonError::into_inner);
            let name = worker.name.clone();
            let lost = |source| TrainError::Worker { worker: name.clone(), step, source };
            let mut number = first;
            if number < shards.len() {
                worker.send(model, step, scale).map_err(lost)?;
            }
            while number < shards.len() && !failed.load(Ordering::Relaxed) {
                let mut found = zeros_like(model);
                let loss = worker.compute(number, &mut found).map_err(lost)?;
                losses.lock().unwrap_or_else(PoisonError::into_inner)[number] = loss;
                let mut sum = Sum::of_shard(number, found);
                while let Some(pair) =
                    { tree.lock().unwrap_or_else(PoisonError::into_inner).offer(sum) }
                {
                    sum = pair.added()?;
                }
                number = next.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        };
        let results: Vec<Result<()>> = std::thread::scope(|scope| {
            let watched = |(first, worker)| {
                let (work, failed) = (&work, &failed);
                let fail = move |_: &_| failed.store(true, Ordering::Relaxed);
                scope.spawn(move || work(first, worker).inspect_err(fail))
            };
            let threads: Vec<_> = self.workers.iter().enumerate().map(watched).collect();
            let ended = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|_| Err(nobody(io::Error::other("a thread panicked"))))
            };
            threads.into_iter().map(ended).collect()
        });
        results.into_iter().collect::<Result<()>>()?;
        let losses = losses.into_inner().unwrap_or_else(PoisonError::into_inner);
        let loss = losses.iter().sum::<f64>() / labels as f64;
        let gradient = tree.into_inner().unwrap_or_else(PoisonError::into_inner).sum();
        let gradient = gradient.ok_or_else(|| nobody(io::Error::other("there is no worker")))?;
        check_loss(loss, model, &gradient, step)?;
        Ok(Gathered { loss, labels, gradient })
    }
}

impl Worker {
    /// Sends the parameters of a step.
    fn send(&mut self, model: &impl lt_core::Params, step: u64, scale: f32) -> io::Result<()> {
        write_number(&mut self.to, PARAMETERS)?;
        write_number(&mut self.to, step)?;
        write_number(&mut self.to, scale.to_bits().into())?;
        write_weights(&mut self.to, model)
    }

    /// Has a shard computed; gives its loss, and its gradient into `found`.
    fn compute(&mut self, shard: usize, found: &mut impl lt_core::Params) -> io::Result<f64> {
        write_number(&mut self.to, SHARD)?;
        write_number(&mut self.to, shard as u64)?;
        self.to.flush()?;
        match read_number(&mut self.from)? {
            COMPUTED => {
                let loss = f64::from_bits(read_number(&mut self.from)?);
                read_weights(&mut self.from, found)?;
                Ok(loss)
            }
            REFUSED => Err(io::Error::other(read_text(&mut self.from)?)),
            other => Err(unexpected(format!("an answer of kind {other}"))),
        }
    }
}

/// What went wrong before any worker had a name.
fn nobody(source: io::Error) -> TrainError {
    TrainError::Worker { worker: "no process".to_owned(), step: 0, source }
}
