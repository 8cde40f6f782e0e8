//! Buffers that are used again and again, so that a forward pass need not allocate.

use ndarray::{Array2, ShapeBuilder};

use crate::Threads;

/// Buffers to work in, and the threads to work with.
///
/// A layer takes arrays from it and gives back those that it no longer needs. After one pass
/// over a batch, a second pass over a batch of the same size finds everything it asks for.
///
/// ```
/// let mut scratch = lt_core::Scratch::new();
/// let rows = scratch.take(2, 3);
/// assert_eq!(rows, ndarray::array![[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]);
/// let address = rows.as_ptr();
/// scratch.give(rows);
/// assert_eq!(scratch.take(3, 2).as_ptr(), address); // the same memory, in another shape
/// ```
///
/// It keeps no more buffers than were ever out at once, each as large as the largest that was
/// asked for: a caller may use one for its whole life.
#[derive(Debug, Default)]
pub struct Scratch {
    threads: Threads,
    free: Vec<Vec<f32>>,
    free_indices: Vec<Vec<u32>>,
    /// How many buffers are out, and the most that ever were.
    out: usize,
    most_out: usize,
}

/// More than a pass through any model has out at once.
const MOST_KEPT: usize = 32;

impl Scratch {
    /// Empty, for the calling thread alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Empty, with these threads.
    #[must_use]
    pub fn with_threads(threads: Threads) -> Self {
        Self { threads, ..Self::default() }
    }

    /// The same buffers, with these threads.
    #[must_use]
    pub fn with(self, threads: Threads) -> Self {
        Self { threads, ..self }
    }

    /// The threads to work with.
    #[must_use]
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// How many buffers wait to be taken again.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.free.len()
    }

    /// An array of zeros, `[rows, columns]`.
    #[must_use]
    pub fn take(&mut self, rows: usize, columns: usize) -> Array2<f32> {
        let mut array = self.take_any(rows, columns);
        array.fill(0.0);
        array
    }

    /// An array `[rows, columns]` of any numbers: for those who write each before they read it.
    ///
    /// In a debug build they are NaN, so that one that was not written shows.
    #[must_use]
    pub fn take_any(&mut self, rows: usize, columns: usize) -> Array2<f32> {
        let mut buffer = self.take_vec(rows * columns);
        if cfg!(debug_assertions) {
            buffer.fill(f32::NAN);
        }
        // A buffer may be longer than the array that lies in it.
        let in_rows = (rows, columns).strides((columns.max(1), 1));
        Array2::from_shape_vec(in_rows, std::mem::take(&mut buffer))
            .unwrap_or_else(|_| Array2::zeros((rows, columns)))
    }

    /// An empty list for row numbers.
    #[must_use]
    pub fn take_indices(&mut self) -> Vec<u32> {
        let mut indices = self.free_indices.pop().unwrap_or_default();
        indices.clear();
        indices
    }

    /// Takes back a list of row numbers.
    pub fn give_indices(&mut self, indices: Vec<u32>) {
        if self.free_indices.len() < MOST_KEPT {
            self.free_indices.push(indices);
        }
    }

    /// Takes back an array that has been read. One that came from elsewhere is welcome, but not
    /// kept beyond need.
    pub fn give(&mut self, array: Array2<f32>) {
        self.out = self.out.saturating_sub(1);
        let (buffer, _) = array.into_raw_vec_and_offset();
        if !buffer.is_empty() {
            self.free.push(buffer);
        }
        // An output that is never given back counts as out for ever, hence the second bound.
        let too_many = self.out + self.free.len() > self.most_out || self.free.len() > MOST_KEPT;
        if too_many
            && let Some(smallest) = (0..self.free.len()).min_by_key(|&place| self.free[place].len())
        {
            self.free.swap_remove(smallest);
        }
    }

    /// The smallest free buffer that has `len` numbers, or else a new one in place of the largest.
    fn take_vec(&mut self, len: usize) -> Vec<f32> {
        self.out += 1;
        self.most_out = self.most_out.max(self.out);
        let size = |place: &usize| self.free[*place].len();
        let places = 0..self.free.len();
        let fitting = places.clone().filter(|place| size(place) >= len).min_by_key(size);
        match fitting.or_else(|| places.max_by_key(size)).map(|place| self.free.swap_remove(place))
        {
            Some(buffer) if buffer.len() >= len => buffer,
            // Not grown: there is nothing in it that is worth copying.
            _ => vec![0.0; len],
        }
    }
}
