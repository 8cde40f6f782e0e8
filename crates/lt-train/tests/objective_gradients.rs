//! The gradient of each objective is the slope of its loss, on small models that stand in for
//! those that are trained.
#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use lt_embedding::{PredictAt, TokenIds};
use lt_train::data::{Budget, Drawn, Epochs, InMemory, Order, packed};
use lt_train::loss::{CrossEntropy, InfoNce};
use lt_train::lt_core::{
    self, Backward, Module, Params, Path, Scratch, Threads, Train, Trainable, Weight, params,
    zeros_like,
};
use lt_train::objective::{
    AnswerShard, AnswerWindow, Answering, Classification, CrfTagging, LabelledSequence,
    LabelledTexts, LanguageModelling, Objective, PairShard, Pooling, Reads, SentencePair,
    SentencePairs, Sequence, TaggedSequence, Tagging, TaughtSequence, TaughtTexts,
    VectorDistillation, WithCrf, first_pieces, next_tokens,
};
use lt_train::{Crf, Recipe, Trainer};
use ndarray::Array2;

/// A table of vectors [v, d] and a matrix [k, d]: a token's output is k numbers, the matrix times
/// its vector, whatever stands around it.
#[derive(Debug, Clone, PartialEq)]
struct Toy {
    table: Weight,
    matrix: Weight,
}

params!(Toy { table, matrix });

impl Toy {
    fn new(v: usize, d: usize, k: usize) -> Self {
        let weight = |rows, columns, seed| {
            let numbers = lt_laws::sample::rows(rows, columns, seed);
            Weight::new(&[rows, columns], numbers.into_raw_vec_and_offset().0).unwrap()
        };
        Self { table: weight(v, d, 1), matrix: weight(k, d, 2) }
    }

    fn outputs(&self, ids: &[u32]) -> lt_core::Result<Array2<f32>> {
        let table = self.table.matrix();
        let rows: Vec<_> = ids.iter().map(|id| *id as usize).collect();
        Ok(table.select(ndarray::Axis(0), &rows).dot(&self.matrix.matrix().t()))
    }

    fn descend(&self, ids: &[u32], d_output: &Array2<f32>, grads: &mut Self) {
        let (table, matrix) = (self.table.matrix(), self.matrix.matrix());
        let mut d_matrix = Array2::zeros(matrix.raw_dim());
        for (id, d) in ids.iter().zip(d_output.rows()) {
            // forward: y = W·x  ⇒  backward: dx = Wᵀ·dy, dW = dy·xᵀ
            grads.table.add_row(*id as usize, &matrix.t().dot(&d).to_vec());
            for (mut row, d) in d_matrix.rows_mut().into_iter().zip(d) {
                row.scaled_add(*d, &table.row(*id as usize));
            }
        }
        grads.matrix.add(&d_matrix.into_raw_vec_and_offset().0);
    }
}

impl Trainable for Toy {
    type Cache = ();
}

/// The ids that an input asks about.
trait Asked: Copy {
    fn asked(self) -> Vec<u32>;
}

impl Asked for TokenIds<'_> {
    fn asked(self) -> Vec<u32> {
        self.ids.to_vec()
    }
}

impl Asked for PredictAt<'_> {
    fn asked(self) -> Vec<u32> {
        self.rows().iter().map(|row| self.tokens().ids[*row as usize]).collect()
    }
}

/// Another input for the same, as a model has that gives several things.
#[derive(Clone, Copy)]
struct Wrapped<'a>(TokenIds<'a>);

impl Asked for Wrapped<'_> {
    fn asked(self) -> Vec<u32> {
        self.0.ids.to_vec()
    }
}

impl<I: Asked> Module<I> for Toy {
    type Output = Array2<f32>;

    fn forward(&self, input: I) -> lt_core::Result<Array2<f32>> {
        self.outputs(&input.asked())
    }
}

impl<I: Asked> Backward<I> for Toy {
    type InputGrad = ();

    fn forward_cached(&self, input: I, _: &mut Train) -> lt_core::Result<(Array2<f32>, ())> {
        Ok((self.forward(input)?, ()))
    }

    fn backward(
        &self,
        input: I,
        (): &(),
        d_output: &Array2<f32>,
        grads: &mut Self,
        _: &mut Scratch,
    ) -> lt_core::Result<()> {
        self.descend(&input.asked(), d_output, grads);
        Ok(())
    }
}

/// The same, with the mean over each text's tokens.
#[derive(Debug, Clone)]
struct TextToy(Toy);

impl Params for TextToy {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        self.0.visit(path, visit);
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        self.0.visit_mut(path, visit);
    }
}

impl Trainable for TextToy {
    type Cache = ();
}

impl<'a> Module<TokenIds<'a>> for TextToy {
    type Output = Array2<f32>;

    fn forward(&self, input: TokenIds<'a>) -> lt_core::Result<Array2<f32>> {
        Pooling::Mean.forward(self.0.forward(input)?.view(), input.sequences)
    }
}

impl<'a> Backward<TokenIds<'a>> for TextToy {
    type InputGrad = ();

    fn forward_cached(
        &self,
        input: TokenIds<'a>,
        _: &mut Train,
    ) -> lt_core::Result<(Array2<f32>, ())> {
        Ok((self.forward(input)?, ()))
    }

    fn backward(
        &self,
        input: TokenIds<'a>,
        (): &(),
        d_output: &Array2<f32>,
        grads: &mut Self,
        _: &mut Scratch,
    ) -> lt_core::Result<()> {
        let d_rows = Pooling::Mean.backward(d_output.view(), input.sequences)?;
        self.0.descend(input.ids, &d_rows, &mut grads.0);
        Ok(())
    }
}

fn numbers(model: &impl Params) -> Vec<f32> {
    let mut all = Vec::new();
    model.visit(&mut Path::new(), &mut |_, weight| all.extend(weight.to_f32()));
    all
}

fn moved<M: Params + Clone>(model: &M, at: usize, by: f32) -> M {
    let (mut model, mut first) = (model.clone(), 0);
    model.visit_mut(&mut Path::new(), &mut |_, weight| {
        let len = weight.len();
        if (first..first + len).contains(&at) {
            weight.make_mut()[at - first] += by;
        }
        first += len;
    });
    model
}

/// The gradient is added, scaled, to what is there, and is (loss(w + h) − loss(w − h)) / 2h.
#[track_caller]
fn is_the_slope<O: Objective>(objective: &O, model: &O::Model, shard: &O::Shard, labels: usize) {
    const SCALE: f32 = 0.5;
    assert_eq!(objective.labels(shard), labels);
    let loss = |model: &O::Model| objective.loss(model, shard, &mut Scratch::default()).unwrap();
    let mut grads = zeros_like(model);
    let (mut train, mut again) = (Train::new(1, 0), Train::new(1, 0));
    let found = objective.gradient(model, shard, &mut train, SCALE, &mut grads).unwrap();
    assert_eq!(found, loss(model));
    let gradient = numbers(&grads);
    let largest = gradient.iter().fold(0.0_f32, |a, g| a.max(g.abs()));
    assert!(largest > 1e-3, "a gradient of nothing");
    for (at, got) in gradient.iter().enumerate() {
        let slope = (loss(&moved(model, at, 1e-2)) - loss(&moved(model, at, -1e-2))) / 2e-2;
        let off = (slope as f32 * SCALE - got).abs();
        assert!(off <= 2e-3 * largest, "{at}: {got}, not {slope}·{SCALE}");
    }
    objective.gradient(model, shard, &mut again, SCALE, &mut grads).unwrap();
    for (twice, once) in numbers(&grads).iter().zip(&gradient) {
        assert!((twice - 2.0 * once).abs() <= 1e-6 * largest, "{twice} is not twice {once}");
    }
}

fn drawn<X>(examples: impl IntoIterator<Item = X>) -> Vec<Drawn<X>> {
    examples.into_iter().zip(0..).map(|(of, number)| Drawn::new(of, number, 0)).collect()
}

fn texts() -> [Sequence; 3] {
    [vec![0, 3, 1, 4], vec![2], vec![1, 1, 5, 0, 2]].map(Sequence::new)
}

#[test]
fn language_modelling() {
    let shard = next_tokens(&drawn(texts()));
    is_the_slope(&LanguageModelling::default(), &Toy::new(6, 3, 6), &shard, 7);
    let smoothed = LanguageModelling::new(CrossEntropy::new().smoothing(0.2).unwrap());
    is_the_slope(&smoothed, &Toy::new(6, 3, 6), &shard, 7);
    // A shard without a label costs nothing, and adds nothing.
    let none = next_tokens(&drawn([Sequence::new(vec![2])]));
    let (model, mut train) = (Toy::new(6, 3, 6), Train::new(1, 0));
    let mut grads = zeros_like(&model);
    let objective = LanguageModelling::default();
    assert_eq!(objective.gradient(&model, &none, &mut train, 1.0, &mut grads).unwrap(), 0.0);
    assert_eq!(objective.loss(&model, &none, &mut Scratch::default()).unwrap(), 0.0);
    assert!(numbers(&grads).iter().all(|g| *g == 0.0));
}

#[test]
fn classification() {
    let labelled = texts().into_iter().zip([1, 0, 2]);
    let shard =
        LabelledTexts::of_drawn(&drawn(labelled.map(|(of, l)| LabelledSequence::new(of, l))));
    is_the_slope(&Classification::default(), &TextToy(Toy::new(6, 3, 3)), &shard, 3);
}

#[test]
fn tagging_with_and_without_a_field() {
    let [first, second, third] = texts();
    let tagged = [
        (first.words(vec![None, Some(0), Some(0), Some(1)]), vec![2, 0]),
        (second.words(vec![None]), vec![]),
        (third.words(vec![Some(0), Some(1), Some(1), Some(2), Some(3)]), vec![1, 1, 2, 0]),
    ];
    let tagged = tagged.map(|(of, tags)| TaggedSequence::new(of, tags).unwrap());
    let shard = first_pieces(&drawn(tagged));
    let model = Toy::new(6, 4, 3);
    is_the_slope(&Tagging::default(), &model, &shard, 6);
    let mut crf = Crf::zeros(3).unwrap();
    let mut n = 0.0_f32;
    crf.visit_mut(&mut Path::new(), &mut |_, weight| {
        weight.make_mut().iter_mut().for_each(|x| (n, *x) = (n + 0.7, n.sin()));
    });
    is_the_slope(&CrfTagging::default(), &WithCrf { model, crf }, &shard, 2);
}

#[test]
fn answering() {
    let window = |of: Sequence, answer| {
        let offsets: Vec<_> = (0..of.ids.len()).map(|place| place..place + 1).collect();
        let of_text = vec![Some(1); offsets.len()];
        AnswerWindow::new(of, &offsets, &of_text, answer)
    };
    let [first, second, third] = texts();
    let shard = AnswerShard::of_drawn(&drawn([
        window(first, Some(1..3)),
        window(second, None),
        window(third, Some(4..5)),
    ]));
    assert_eq!(shard.answers, [[1, 2], [0, 0], [4, 4]]);
    is_the_slope(&Answering::columns(), &Toy::new(6, 3, 2), &shard, 3);
    let three = Answering::columns().loss(&Toy::new(6, 3, 3), &shard, &mut Scratch::default());
    assert!(three.is_err());
}

struct ReadsWrapped;

impl Reads for ReadsWrapped {
    type Input<'a> = Wrapped<'a>;

    fn input(ids: TokenIds<'_>) -> Wrapped<'_> {
        Wrapped(ids)
    }
}

#[test]
fn sentence_vectors() {
    let others = [vec![5, 4], vec![0, 2, 2], vec![3]].map(Sequence::new);
    let pairs = texts().into_iter().zip(others).map(|(a, b)| SentencePair::new(a, b));
    let shard = PairShard::of_drawn(&drawn(pairs));
    let model = Toy::new(6, 3, 4);
    for pooling in [Pooling::Mean, Pooling::First] {
        let objective: SentencePairs<Toy> = SentencePairs::new(InfoNce::new(0.5).unwrap(), pooling);
        is_the_slope(&objective, &model, &shard, 3);
        let wrapped: SentencePairs<Toy, ReadsWrapped> =
            SentencePairs::new(InfoNce::new(0.5).unwrap(), pooling);
        is_the_slope(&wrapped, &model, &shard, 3);
    }
    let vectors = lt_laws::sample::rows(3, 4, 7);
    let taught = texts().into_iter().zip(vectors.rows());
    let taught = drawn(taught.map(|(of, vector)| TaughtSequence::new(of, vector.to_vec())));
    let shard = TaughtTexts::of_drawn(&taught).unwrap();
    let objective: VectorDistillation<Toy> = VectorDistillation::new(Pooling::Mean);
    is_the_slope(&objective, &model, &shard, 3);
    let uneven =
        drawn([vec![1.0], vec![1.0, 2.0]].map(|v| TaughtSequence::new(Sequence::new(vec![1]), v)));
    assert!(TaughtTexts::of_drawn(&uneven).is_err());
}

/// From text to a model that has learned it: the same bits with any number of workers.
#[test]
fn a_run_learns_and_has_the_same_bits_on_any_number_of_threads() {
    // After 0 comes 1, after 1 comes 2, and so on, round and round.
    let texts = (0..30).map(|n| (n..n + 5 + n % 4).map(|id| id % 6).collect());
    let examples: Vec<Sequence> = packed(texts, 16, None).into_iter().map(Sequence::new).collect();
    let collate = |drawn: Vec<Drawn<Sequence>>| Ok(next_tokens(&drawn));
    let examples = InMemory::new(examples);
    let epochs = Epochs::new(examples, Budget::tokens(64, 3), Order::shuffled(2), collate).unwrap();
    let objective = LanguageModelling::<Toy>::default();
    let run = |threads: Threads, steps| {
        let mut model = Toy::new(6, 8, 6);
        let trainer = Trainer::new(Recipe::new(steps, 0.05), &objective, &epochs).unwrap();
        let outcome = trainer.threads(threads).train(&mut model).unwrap();
        (outcome.loss.unwrap(), numbers(&model))
    };
    let (before, _) = run(Threads::single(), 1);
    let (after, learned) = run(Threads::single(), epochs.steps(12));
    assert!(after < 0.7 * before, "{before}, then {after}");
    let (same, bits) = run(lt_kernels::pool(3).unwrap(), epochs.steps(12));
    assert_eq!((after.to_bits(), learned), (same.to_bits(), bits));
}
