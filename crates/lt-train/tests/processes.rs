//! Worker processes change no bit, and one that dies is named.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod tiny;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lt_layers::Dropout;
use lt_train::lt_core;
use lt_train::process::{Crew, Doorway, serve};
use lt_train::{Recipe, Trainer};
use tiny::{Endless, Shard, Tiny, Topics, untrained};

const ADDRESS: &str = "LT_TRAIN_TEST_ADDRESS";
const SECRET: &str = "between us";
const DATA: Endless = Endless { shards: 5, examples: 1000 };
const PATIENCE: Duration = Duration::from_secs(20);

fn topics() -> Topics {
    Topics { dropout: Dropout::new(0.2).unwrap() }
}

fn recipe() -> Recipe {
    let mut recipe = Recipe::new(8, 0.02);
    recipe.seed = 4;
    recipe
}

/// What the other tests start as a process of its own; by itself it has no leader.
#[test]
#[ignore = "started by the tests of this file"]
fn child() {
    let address = std::env::var(ADDRESS).unwrap();
    let mut model = lt_core::zeros_like(&untrained());
    serve(address, SECRET, &recipe(), &topics(), &DATA, &mut model).unwrap();
}

/// Ended with the test, however that ends.
struct Started(Vec<Child>);

impl Drop for Started {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn start(count: usize) -> (Started, Crew) {
    let doorway = Doorway::open(SECRET).unwrap();
    let child = |_| {
        Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--ignored"])
            .env(ADDRESS, doorway.address().unwrap().to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let children = Started((0..count).map(child).collect());
    let crew = doorway.wait_for(count, &recipe(), PATIENCE).unwrap();
    (children, crew)
}

fn train(crew: Option<&Crew>) -> Tiny {
    let (topics, mut model) = (topics(), untrained());
    let mut trainer = Trainer::new(recipe(), &topics, &DATA).unwrap();
    if let Some(crew) = crew {
        trainer = trainer.crew(crew);
    }
    trainer.train(&mut model).unwrap();
    model
}

#[test]
fn one_two_and_four_processes_give_the_bits_of_one_thread() {
    let alone = train(None);
    assert_ne!(alone, untrained());
    for count in [1, 2, 4] {
        let (_children, crew) = start(count);
        assert_eq!(train(Some(&crew)), alone, "{count} processes");
    }
}

#[test]
fn a_worker_that_dies_is_named_with_the_step() {
    let (mut children, crew) = start(2);
    let victim = &mut children.0[1];
    let name = format!("step 3: the worker process {} failed", victim.id());
    victim.kill().unwrap();
    victim.wait().unwrap();
    let shards: Vec<Shard> = (0..5).map(|shard| DATA.shard(3, shard)).collect();
    let error = crew.gather(&topics(), &untrained(), &shards, 3).unwrap_err().to_string();
    assert!(error.starts_with(&name), "{error}");
}

#[test]
fn what_a_worker_refuses_comes_back() {
    let (_children, crew) = start(1);
    // The leader believes in more shards than the worker's data has.
    let shards: Vec<Shard> = (0..6).map(|shard| DATA.shard(0, shard)).collect();
    let error = crew.gather(&topics(), &untrained(), &shards, 0).unwrap_err().to_string();
    assert!(error.contains("shard 5 of 5"), "{error}");
}

#[test]
fn whoever_has_another_secret_or_recipe_is_turned_away() {
    let doorway = Doorway::open(SECRET).unwrap();
    let address = doorway.address().unwrap();
    for (secret, recipe, why) in
        [("guessed", recipe(), "the secret"), (SECRET, Recipe::new(9, 0.02), "another recipe")]
    {
        let error = std::thread::scope(|scope| {
            let knocking =
                scope.spawn(|| serve(address, secret, &recipe, &topics(), &DATA, &mut untrained()));
            let refused = doorway.wait_for(1, &self::recipe(), Duration::from_millis(300));
            // Either end of the connection may notice first.
            let _ = knocking.join().unwrap();
            refused.unwrap_err().to_string()
        });
        assert!(error.contains("expected 1 workers, 0 came") && error.contains(why), "{error}");
    }
}
