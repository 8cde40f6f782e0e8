//! The order of the examples in an epoch.

use super::Draw;

/// In which order an epoch has its examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// As they are stored, in each epoch.
    AsStored,
    /// Another one in each epoch.
    Shuffled {
        /// What it is drawn from.
        seed: u64,
        /// How much is mixed at a time.
        mix: Mix,
    },
}

/// How many blocks of files are in memory and mixed at a time. Blocks come in a random order; so
/// many of them are taken together, and their examples put into a random order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mix(pub usize);

impl Default for Mix {
    /// Eight blocks: with those of 1 MB, 8 MB of text.
    fn default() -> Self {
        Self(8)
    }
}

impl Order {
    /// Shuffled, eight blocks mixed at a time.
    #[must_use]
    pub fn shuffled(seed: u64) -> Self {
        Self::Shuffled { seed, mix: Mix::default() }
    }

    /// How many blocks have to be in memory at a time.
    pub(crate) fn mixed(self) -> usize {
        match self {
            Self::AsStored => 1,
            Self::Shuffled { mix, .. } => mix.0.max(1),
        }
    }

    /// The numbers of all examples in the order of an epoch; `blocks` has how many examples each
    /// block has. A function of its arguments alone.
    ///
    /// ```
    /// use lt_train::data::{Mix, Order};
    /// // Blocks of examples 0 1 2, 3 4 and 5; one at a time, so that a block stays together.
    /// let order = Order::Shuffled { seed: 1, mix: Mix(1) };
    /// let mut epoch = order.examples(&[3, 2, 1], 0);
    /// assert_eq!(epoch, order.examples(&[3, 2, 1], 0));
    /// let places: Vec<_> = epoch.iter().map(|number| [0, 0, 0, 1, 1, 2][*number as usize]).collect();
    /// assert_eq!(places.windows(2).filter(|pair| pair[0] != pair[1]).count(), 2);
    /// epoch.sort();
    /// assert_eq!(epoch, [0, 1, 2, 3, 4, 5]);
    /// assert_eq!(Order::AsStored.examples(&[3, 2, 1], 7), [0, 1, 2, 3, 4, 5]);
    /// ```
    #[must_use]
    pub fn examples(self, blocks: &[u32], epoch: u64) -> Vec<u32> {
        let mut firsts = Vec::with_capacity(blocks.len());
        let mut examples = 0;
        for block in blocks {
            firsts.push(examples);
            examples += block;
        }
        let Self::Shuffled { seed, mix } = self else { return (0..examples).collect() };
        let draw = Draw::of(seed).then(epoch);
        let mut all = Vec::with_capacity(examples as usize);
        let blocks_in_order = draw.then(0).order(blocks.len());
        for (group, together) in blocks_in_order.chunks(mix.0.max(1)).enumerate() {
            let range = |block: &u32| {
                let first = firsts[*block as usize];
                first..first + blocks[*block as usize]
            };
            let stored: Vec<u32> = together.iter().flat_map(range).collect();
            let mixed = draw.then(1).then(group as u64).order(stored.len());
            all.extend(mixed.into_iter().map(|place| stored[place as usize]));
        }
        all
    }
}
