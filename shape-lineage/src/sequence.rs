//! Equal texts told apart by the records before and after them.

use std::collections::{HashMap, VecDeque};

use crate::{Found, Place, SourceIndex};

/// Records wait for the one behind them until this many wait.
const MAX_WAITING: usize = 1_024;

/// Tells statements of equal text apart by their neighbours: records of one thread and logger, in the order of the log.
///
/// Where the record before was written by a statement that is followed by one of the candidates whatever happens (the
/// next one in the same block, with nothing between that leaves the block), it is that candidate; and where the record
/// behind was written by a statement that one of them always stands before, it is that one. Only what is unique by itself
/// decides about others. An exception between the two can make the answer wrong: the confidence says so.
///
/// Records come back in the order in which they were pushed, each with the tag that it was given.
///
/// ```
/// use shape_lineage::{Locator, Query, Sequence, SourceIndex};
/// # #[cfg(feature = "java")] {
/// let source = r#"class Net {
///   static final Logger LOG = LogManager.getLogger(Net.class);
///   void open() {
///     LOG.info("reading the configuration");
///     LOG.info("binding to port {}", port);
///   }
///   void again() { LOG.info("binding to port {}", port); }
/// }"#;
/// let index = SourceIndex::from_sources([("Net.java", source)]);
/// let mut locator = Locator::new(&index);
/// let mut sequence = Sequence::new(&index);
/// for message in ["reading the configuration", "binding to port 80"] {
///     let found = locator.find(&Query::message(message));
///     sequence.push("main", "Net", found, message);
/// }
/// let lines: Vec<u32> = sequence.finish().map(|told| told.found.places[0].line.get()).collect();
/// assert_eq!(lines, [4, 5]);
/// # }
/// ```
#[derive(Debug)]
pub struct Sequence<'i, T> {
    index: &'i SourceIndex,
    waiting: VecDeque<Told<'i, T>>,
    /// How many have gone out.
    n_gone: usize,
    /// The last record of each thread and logger, counted from the first of all.
    last: HashMap<(String, String), Last<'i>>,
}

/// A record that has been through a [`Sequence`].
#[derive(Clone, Debug, PartialEq)]
pub struct Told<'i, T> {
    /// What it was pushed with.
    pub tag: T,
    /// Where it comes from.
    pub found: Found<'i>,
    /// Whether a neighbour decided between several places.
    pub by_neighbour: bool,
}

#[derive(Clone, Copy, Debug)]
struct Last<'i> {
    number: usize,
    /// Where it comes from, if that is sure by itself.
    place: Option<Place<'i>>,
}

impl<'i, T> Sequence<'i, T> {
    /// A sequence of records whose statements are in an index.
    pub fn new(index: &'i SourceIndex) -> Self {
        Self {
            index,
            waiting: VecDeque::new(),
            n_gone: 0,
            last: HashMap::new(),
        }
    }

    /// Adds the next record; without a thread or a logger it has no neighbours.
    pub fn push(&mut self, thread: &str, logger: &str, found: Found<'i>, tag: T) {
        let number = self.n_gone + self.waiting.len();
        let place = match found.places.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        self.waiting.push_back(Told {
            tag,
            found,
            by_neighbour: false,
        });
        if thread.is_empty() || logger.is_empty() {
            return;
        }
        // Some logs have a thread for each request: what is that old has no neighbour to come.
        if 16 * MAX_WAITING < self.last.len() {
            self.last.clear();
        }
        let key = (thread.to_owned(), logger.to_owned());
        let before = self.last.insert(key, Last { number, place });
        let Some(before) = before else { return };
        match (before.place, place) {
            (Some(before), None) => self.decide(number, |candidate| (before, candidate)),
            (None, Some(after)) => self.decide(before.number, |candidate| (candidate, after)),
            _ => {}
        }
    }

    /// Leaves a waiting record the one place that a neighbour allows, if it is but one: `pair` puts a place and the
    /// neighbour's in the order of their records.
    fn decide(&mut self, number: usize, pair: impl Fn(Place<'i>) -> (Place<'i>, Place<'i>)) {
        let idx = number.checked_sub(self.n_gone);
        let Some(told) = idx.and_then(|idx| self.waiting.get_mut(idx)) else {
            return;
        };
        let places = &told.found.places;
        let index = self.index;
        let must_follow = |place: &&Place<'i>| {
            let (first, second) = pair(**place);
            // Another candidate between them may have been run, and have written the record.
            let is_between = |other: &Place<'i>| {
                other.path == first.path && first.line < other.line && other.line < second.line
            };
            index.next_in_block(first) == Some(second) && !places.iter().any(is_between)
        };
        let mut fitting = places.iter().filter(must_follow);
        if let (Some(only), None) = (fitting.next(), fitting.next()) {
            told.found.places = vec![*only];
            told.found.confidence = told.found.confidence.max(0.85);
            told.by_neighbour = true;
        }
    }

    /// The next record that waits for no other.
    pub fn pop(&mut self) -> Option<Told<'i, T>> {
        let must_wait = self.waiting.len() < MAX_WAITING;
        let is_open = 1 < self.waiting.front()?.found.places.len();
        if must_wait && is_open {
            return None;
        }
        self.n_gone += 1;
        self.waiting.pop_front()
    }

    /// All that still wait.
    pub fn finish(self) -> impl Iterator<Item = Told<'i, T>> {
        self.waiting.into_iter()
    }
}
