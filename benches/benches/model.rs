//! Whole models on the workloads A to E, on one thread and on two. Elements are tokens, and for E
//! sentences.

use std::hint::black_box;
use std::time::Duration;

use benches::models::{bert_base, made_up, minilm, twelve_layers};
use benches::workloads::{Workload, sentences};
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use lt_config::BertConfig;
use lt_core::{Scratch, Threads};
use lt_kernels::pool;
use lt_model::{TextEncoder, TokenIds};
use lt_tasks::{LoadOptions, SentenceEncoder};

/// One thread, and two.
fn threads() -> [Threads; 2] {
    [1, 2].map(|count| pool(count).unwrap_or_else(|error| panic!("no threads: {error}")))
}

fn name(workload: &str, threads: &Threads) -> BenchmarkId {
    BenchmarkId::new(workload, format!("threads {}", threads.count()))
}

fn forward(group: &mut BenchmarkGroup<'_, WallTime>, model: &TextEncoder, work: &Workload) {
    group.throughput(Throughput::Elements(work.ids.len() as u64));
    for threads in threads() {
        let id = name(work.name, &threads);
        let mut scratch = Scratch::with_threads(threads);
        group.bench_function(id, |b| {
            b.iter(|| {
                let hidden = model.hidden(TokenIds::new(&work.ids, &work.sequences), &mut scratch);
                let hidden = hidden.unwrap_or_else(|error| panic!("{}: {error}", work.name));
                scratch.give(black_box(hidden));
            });
        });
    }
}

fn real(c: &mut Criterion) {
    let Some(dir) = minilm() else { return };
    let encoder = SentenceEncoder::from_dir(&dir, &LoadOptions::default());
    let encoder = encoder.unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut group = c.benchmark_group("all-MiniLM-L6-v2");
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    for work in [Workload::a(), Workload::b()] {
        forward(&mut group, encoder.model(), &work);
    }
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    for work in [Workload::c(), Workload::d()] {
        forward(&mut group, encoder.model(), &work);
    }
    let sentences = sentences();
    group.throughput(Throughput::Elements(sentences.len() as u64));
    for threads in threads() {
        let id = name("E", &threads);
        let mut scratch = Scratch::with_threads(threads);
        group.bench_function(id, |b| {
            b.iter(|| {
                let vectors = encoder.encode(&sentences, &mut scratch);
                black_box(vectors.unwrap_or_else(|error| panic!("E: {error}")))
            });
        });
    }
    group.finish();
}

fn made_up_on_c_and_d(c: &mut Criterion, name: &str, config: &BertConfig) {
    let model = made_up(config);
    let mut group = c.benchmark_group(name);
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    for work in [Workload::c(), Workload::d()] {
        forward(&mut group, &model, &work);
    }
    group.finish();
}

fn twelve(c: &mut Criterion) {
    made_up_on_c_and_d(c, "12 layers of 384", &twelve_layers());
}

fn base(c: &mut Criterion) {
    made_up_on_c_and_d(c, "12 layers of 768", &bert_base());
}

criterion_group!(benches, real, twelve, base);
criterion_main!(benches);
