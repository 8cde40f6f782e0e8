//! Work cut into pieces, and handed to threads so that no two write the same number.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use lt_core::{Scratch, Threads};
use ndarray::Array2;

use crate::tile::{COLUMNS, Lanes};

/// How an array is cut into rectangles.
#[derive(Clone, Copy)]
pub(crate) struct Cuts<'a> {
    /// Rows of a rectangle.
    pub(crate) rows: usize,
    /// Columns that belong together; no rectangle reaches from one part into the next.
    pub(crate) parts: &'a [usize],
    /// Columns of a rectangle.
    pub(crate) columns: usize,
}

impl Cuts<'_> {
    /// Rectangles beside each other.
    fn groups(&self) -> usize {
        self.parts.iter().map(|part| part.div_ceil(self.columns)).sum()
    }

    /// The part and the columns, counted from its first, of a group.
    fn group(&self, mut group: usize) -> (usize, usize, Range<usize>) {
        let mut before = 0;
        for (part, &width) in self.parts.iter().enumerate() {
            let groups = width.div_ceil(self.columns);
            if group < groups {
                let first = group * self.columns;
                return (part, before, first..width.min(first + self.columns));
            }
            group -= groups;
            before += width;
        }
        unreachable!("a group below their number")
    }
}

/// A rectangle of an array, to be written by one task.
pub(crate) struct Rectangle<'a> {
    array: &'a Shared<'a, f32>,
    /// Columns of the whole array.
    width: usize,
    /// The column of the array at which the rectangle begins.
    first: usize,
    /// Which rows of the array these are.
    pub(crate) rows: Range<usize>,
    /// Which part of the columns it lies in.
    pub(crate) part: usize,
    /// Which columns of that part these are.
    pub(crate) columns: Range<usize>,
}

impl Rectangle<'_> {
    /// Some of its columns, counted from the first of the part.
    pub(crate) fn columns(&mut self, columns: Range<usize>) -> Rectangle<'_> {
        let inside = self.columns.start <= columns.start && columns.end <= self.columns.end;
        assert!(inside && columns.start <= columns.end, "columns of the rectangle");
        let first = self.first + columns.start - self.columns.start;
        // Borrowed mutably, so that the whole is not written meanwhile.
        Rectangle { first, rows: self.rows.clone(), columns, ..*self }
    }

    /// Some columns of a row: the row counted from the rectangle's first, the columns from the
    /// first of the part.
    pub(crate) fn row(&mut self, row: usize, columns: Range<usize>) -> &mut [f32] {
        let row = self.rows.start + row;
        assert!(row < self.rows.end, "a row of the rectangle");
        let inside = self.columns.start <= columns.start && columns.end <= self.columns.end;
        assert!(inside, "columns of the rectangle");
        let start = row * self.width + self.first + columns.start - self.columns.start;
        // SAFETY: it lies inside this rectangle, no other rectangle overlaps it (see
        // `for_each_rectangle`), and the borrow of `self` keeps a second piece from being alive.
        unsafe { self.array.part(start..start + columns.len()) }
    }

    /// Where the sums of R rows with P panels belong, counted as in [`row`](Self::row); if there
    /// are as many columns.
    #[inline(always)]
    pub(crate) fn tile<const R: usize, const P: usize>(
        &mut self,
        first: usize,
        columns: Range<usize>,
    ) -> Option<Tile<'_, R, P>> {
        assert!(first + R <= self.rows.len(), "rows of the rectangle");
        let inside = self.columns.start <= columns.start && columns.end <= self.columns.end;
        assert!(inside, "columns of the rectangle");
        if columns.len() != P * COLUMNS {
            return None;
        }
        let start = (self.rows.start + first) * self.width;
        let start = start + self.first + columns.start - self.columns.start;
        let end = start + (R - 1) * self.width + P * COLUMNS;
        assert!(end <= self.array.len, "inside the memory");
        // SAFETY: inside, as just asserted.
        let start = unsafe { self.array.start.add(start) };
        Some(Tile { start, width: self.width, borrowed: PhantomData })
    }
}

/// R rows of P panels of a rectangle.
pub(crate) struct Tile<'a, const R: usize, const P: usize> {
    start: *mut f32,
    width: usize,
    borrowed: PhantomData<&'a mut f32>,
}

impl<const R: usize, const P: usize> Tile<'_, R, P> {
    #[inline(always)]
    pub(crate) fn row(&mut self, row: usize) -> &mut [Lanes; P] {
        assert!(row < R, "a row of the tile");
        // SAFETY: it lies inside the rectangle that the tile was borrowed from, as was asserted
        // there; no other rectangle overlaps that one (see `for_each_rectangle`), and the borrow of
        // `self` keeps a second piece from being alive.
        unsafe { &mut *self.start.add(row * self.width).cast() }
    }
}

/// Runs `task` for each rectangle of an array. Each thread that takes part has one row of `room`
/// numbers from `scratch` to itself.
pub(crate) fn for_each_rectangle(
    scratch: &mut Scratch,
    array: &mut Array2<f32>,
    cuts: Cuts<'_>,
    room: usize,
    task: impl Fn(Rectangle<'_>, &mut [f32]) + Sync,
) {
    let (rows, width) = array.dim();
    assert_eq!(cuts.parts.iter().sum::<usize>(), width, "parts as wide as the array");
    let groups = cuts.groups();
    let tasks = rows.div_ceil(cuts.rows) * groups;
    let threads = scratch.threads().clone();
    let crew = threads.count().min(tasks);
    let mut work = scratch.take_any(crew, room);
    let (array, own) = (Shared::of_array(array), Shared::of_array(&mut work));
    // Both are counted here: whoever lends the threads may call a task twice.
    let (numbers, members) = (Draw::of(tasks), Draw::of(crew));
    threads.run(crew, &|_| {
        let Some(member) = members.draw() else { return };
        // SAFETY: each member is drawn once, and has a row of its own.
        let room = unsafe { own.part(member * room..(member + 1) * room) };
        while let Some(number) = numbers.draw() {
            let row = number / groups * cuts.rows;
            let (part, before, columns) = cuts.group(number % groups);
            // Each number is drawn once, and rectangles of different numbers do not overlap.
            let rows = row..rows.min(row + cuts.rows);
            let first = before + columns.start;
            let rectangle = Rectangle { array: &array, width, first, rows, part, columns };
            task(rectangle, room);
        }
    });
    scratch.give(work);
}

/// All of a slice as one rectangle.
pub(crate) struct Whole<'a> {
    array: Shared<'a, f32>,
    rows: usize,
    columns: Range<usize>,
}

impl<'a> Whole<'a> {
    /// Rows of these columns of something wider.
    pub(crate) fn of(slice: &'a mut [f32], rows: usize, columns: Range<usize>) -> Self {
        assert_eq!(slice.len(), rows * columns.len(), "rows of so many columns");
        Self { array: Shared::of(slice), rows, columns }
    }

    /// Borrowed mutably, so that there is one at a time.
    pub(crate) fn rectangle(&mut self) -> Rectangle<'_> {
        let (rows, columns) = (0..self.rows, self.columns.clone());
        Rectangle { array: &self.array, width: columns.len(), first: 0, rows, part: 0, columns }
    }
}

/// Runs `task(number, part)` for each part of so many numbers.
pub(crate) fn for_each_part<T: Send + Sync>(
    threads: &Threads,
    slice: &mut [T],
    len: usize,
    task: impl Fn(usize, &mut [T]) + Sync,
) {
    let (all, tasks) = (slice.len(), slice.len().div_ceil(len.max(1)));
    let (shared, numbers) = (Shared::of(slice), Draw::of(tasks));
    threads.run(threads.count().min(tasks), &|_| {
        while let Some(number) = numbers.draw() {
            // SAFETY: each number is drawn once, and parts of different numbers do not overlap.
            let part = unsafe { shared.part(number * len..all.min((number + 1) * len)) };
            task(number, part);
        }
    });
}

/// The numbers below an end, each given out once.
struct Draw {
    next: AtomicUsize,
    end: usize,
}

impl Draw {
    fn of(end: usize) -> Self {
        Self { next: AtomicUsize::new(0), end }
    }

    fn draw(&self) -> Option<usize> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.end).then_some(number)
    }
}

/// Memory that several threads write different parts of.
struct Shared<'a, T> {
    start: *mut T,
    len: usize,
    borrowed: PhantomData<&'a mut [T]>,
}

// SAFETY: parts are handed out by `part` alone, whose callers promise that they do not overlap.
unsafe impl<T: Send + Sync> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    fn of(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), borrowed: PhantomData }
    }

    /// # Safety
    /// No two parts that are alive at the same time may overlap.
    // The parts are disjoint, so that each is as good as borrowed mutably.
    #[allow(clippy::mut_from_ref)]
    unsafe fn part(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len, "inside the memory");
        // SAFETY: inside, as just asserted; not overlapping, as the caller promises.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}

impl<'a> Shared<'a, f32> {
    fn of_array(array: &'a mut Array2<f32>) -> Self {
        // Arrays that Scratch hands out are in one piece, row by row.
        Self::of(array.as_slice_mut().unwrap_or_else(|| panic!("an array in one piece")))
    }
}
