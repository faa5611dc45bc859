//! A list with numbered places that forgets its oldest entries, so that memory stays bounded in a long run.

use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct Ring<T> {
    first: u64,
    items: VecDeque<T>,
    cap: usize,
}

impl<T> Ring<T> {
    pub(crate) fn new(cap: usize) -> Self {
        Self {
            first: 0,
            items: VecDeque::new(),
            cap,
        }
    }

    /// The number the next [`push`](Self::push) will give.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.items.len() as u64
    }

    /// Appends; answers what had to be forgotten for it.
    pub(crate) fn push(&mut self, item: T) -> Option<T> {
        let forgotten = if self.items.len() >= self.cap {
            self.first += 1;
            self.items.pop_front()
        } else {
            None
        };
        self.items.push_back(item);
        forgotten
    }

    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        self.items.get(self.place(number)?)
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let place = self.place(number)?;
        self.items.get_mut(place)
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        self.items
            .iter()
            .enumerate()
            .map(|(place, item)| (self.first + place as u64, item))
    }

    /// The entries below `number`, latest first.
    pub(crate) fn before(&self, number: u64) -> impl Iterator<Item = (u64, &T)> {
        let len = self.place(number).map_or(0, |place| place.min(self.items.len()));
        self.items
            .range(..len)
            .enumerate()
            .rev()
            .map(|(place, item)| (self.first + place as u64, item))
    }

    /// Number of the first entry for which `before` is false; entries must be sorted by it.
    pub(crate) fn partition_point(&self, before: impl FnMut(&T) -> bool) -> u64 {
        self.first + self.items.partition_point(before) as u64
    }

    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }
}
