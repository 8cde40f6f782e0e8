//! Buffers that are used again and again, so that a forward pass need not allocate.

use ndarray::Array2;

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
#[derive(Debug, Default)]
pub struct Scratch {
    threads: Threads,
    free: Vec<Vec<f32>>,
}

impl Scratch {
    /// Empty, for the calling thread alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Empty, with these threads.
    #[must_use]
    pub fn with_threads(threads: Threads) -> Self {
        Self { threads, free: Vec::new() }
    }

    /// The threads to work with.
    #[must_use]
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// An array of zeros, `[rows, columns]`.
    #[must_use]
    pub fn take(&mut self, rows: usize, columns: usize) -> Array2<f32> {
        let mut buffer = self.take_vec(rows * columns);
        buffer.resize(rows * columns, 0.0);
        Array2::from_shape_vec((rows, columns), buffer)
            .unwrap_or_else(|_| Array2::zeros((rows, columns)))
    }

    /// Takes back an array that has been read.
    pub fn give(&mut self, array: Array2<f32>) {
        let (buffer, _) = array.into_raw_vec_and_offset();
        if buffer.capacity() > 0 {
            self.free.push(buffer);
        }
    }

    /// The smallest free buffer that holds `len`, emptied; a new one if there is none.
    fn take_vec(&mut self, len: usize) -> Vec<f32> {
        let fitting = (0..self.free.len()).filter(|&i| self.free[i].capacity() >= len);
        match fitting.min_by_key(|&i| self.free[i].capacity()) {
            Some(best) => {
                let mut buffer = self.free.swap_remove(best);
                buffer.clear();
                buffer
            }
            None => Vec::with_capacity(len),
        }
    }
}
