//! Which of the last lines were shown, so that a look at the same time again shows only the new ones: CloudWatch Logs gets lines out of
//! order, and shows them late.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::pages::Line;

/// How long after its time a line may come and still be seen.
const LATE_MILLIS: i64 = 60_000;
/// Lines that are remembered at most. Where more come within that time, less of it is looked at again.
const MOST: usize = 200_000;

/// A line by its time and by the rest of it.
type Key = (i64, u64);

/// What was shown. Each way to lines, reading again or Live Tail, counts for itself how often it has met a line: two that are
/// alike are two lines.
#[derive(Debug, Default)]
pub struct Seen {
    shown: BTreeMap<Key, u32>,
    live: HashMap<Key, u32>,
    /// Of the look that is under way.
    read: HashMap<Key, u32>,
    newest: i64,
    now: i64,
    /// From this time on it knows all that was shown.
    known: i64,
    /// Where the look that is over began to know.
    floor: i64,
}

impl Seen {
    /// Begins with lines from this time on.
    pub fn since(from: i64) -> Self {
        Self { known: from, floor: from, ..Self::default() }
    }

    /// Begins a look at everything from the time that [`Self::from`] gives, in its order. A clock that runs ahead must not hide the
    /// lines of the others, so `now` bounds what counts as the newest.
    pub fn begin(&mut self, now: i64) {
        self.read.clear();
        self.now = now;
    }

    /// Whether a line that was read is new.
    pub fn is_new(&mut self, group: usize, line: &Line) -> bool {
        if self.shown.len() > MOST {
            self.forget();
        }
        // A look that goes over the same time again: what is forgotten was shown.
        if line.at < self.known {
            return false;
        }
        let key = key(group, line);
        let met = self.read.entry(key).or_default();
        *met += 1;
        let met = *met;
        self.met(key, met)
    }

    /// Whether a line of Live Tail is new. It brings each once, however late, so one from before the next look is new.
    pub fn is_new_live(&mut self, group: usize, line: &Line) -> bool {
        let key = key(group, line);
        if key.0 < self.floor {
            return true;
        }
        let met = self.live.entry(key).or_default();
        *met += 1;
        let met = *met;
        self.met(key, met)
    }

    fn met(&mut self, key: Key, met: u32) -> bool {
        let shown = self.shown.entry(key).or_default();
        let new = met > *shown;
        *shown = met.max(*shown);
        self.newest = self.newest.max(key.0);
        new
    }

    /// Ends a look.
    pub fn end(&mut self) {
        self.forget();
        self.floor = self.known;
        self.read = HashMap::new();
    }

    /// Forgets what is too old to be looked at again.
    fn forget(&mut self) {
        let mut from = self.known.max(self.newest.min(self.now) - LATE_MILLIS);
        self.shown = self.shown.split_off(&(from, 0));
        // The half, so that this is rare.
        if self.shown.len() > MOST
            && let Some(((at, _), _)) = self.shown.iter().nth(self.shown.len() - MOST / 2)
        {
            from = at + 1;
            self.shown = self.shown.split_off(&(from, 0));
        }
        self.live.retain(|key, _| key.0 >= from);
        self.read.retain(|key, _| key.0 >= from);
        self.known = from;
    }

    /// Has the next look begin at this time at the earliest.
    pub fn skip_to(&mut self, from: i64) {
        self.known = self.known.max(from);
        self.floor = self.floor.max(from);
        self.shown = self.shown.split_off(&(self.known, 0));
    }

    /// Where the next look begins.
    pub fn from(&self) -> i64 {
        self.floor
    }
}

fn key(group: usize, line: &Line) -> Key {
    let mut hash = DefaultHasher::new();
    (group, &line.stream, &line.text).hash(&mut hash);
    (line.at, hash.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(at: i64, text: &str) -> Line {
        Line { at, stream: "s".into(), text: text.into() }
    }

    /// A look at these lines: those that are new.
    fn look(seen: &mut Seen, lines: &[Line], now: i64) -> Vec<Line> {
        seen.begin(now);
        let from = seen.from();
        let in_range = lines.iter().filter(|line| line.at >= from);
        let new = in_range.filter(|line| seen.is_new(0, line)).cloned().collect();
        seen.end();
        new
    }

    #[test]
    fn a_late_line_is_shown_and_no_line_twice() {
        let mut seen = Seen::default();
        let mut lines = vec![line(1_000, "a"), line(2_000, "b"), line(2_000, "b")];
        assert_eq!(look(&mut seen, &lines, 2_000), lines, "two that are alike are two");
        assert_eq!(look(&mut seen, &lines, 3_000), []);
        lines.insert(0, line(500, "late"));
        assert_eq!(look(&mut seen, &lines, 4_000), [line(500, "late")]);
        lines.push(line(2_000, "b"));
        assert_eq!(look(&mut seen, &lines, 5_000), [line(2_000, "b")]);
        assert!(seen.is_new(1, &line(2_000, "b")), "another group's");
    }

    #[test]
    fn both_ways_show_a_line_once() {
        let mut seen = Seen::default();
        let (a, b) = (line(1_000, "a"), line(2_000, "b"));
        assert!(seen.is_new_live(0, &a));
        assert_eq!(look(&mut seen, &[a.clone(), b.clone()], 2_000), std::slice::from_ref(&b));
        assert!(!seen.is_new_live(0, &b));
        assert!(seen.is_new_live(0, &b), "a second one that is alike");
        assert_eq!(look(&mut seen, &[a, b.clone(), b], 2_000), []);
    }

    #[test]
    fn memory_has_a_bound_and_a_clock_ahead_hides_nothing() {
        let mut seen = Seen::default();
        let lines: Vec<Line> = (0..300_000).map(|n| line(1_000_000 + n / 10, &n.to_string())).collect();
        assert_eq!(look(&mut seen, &lines, 2_000_000).len(), 300_000);
        assert!(seen.shown.len() <= MOST && seen.live.is_empty() && seen.read.is_empty());
        assert_eq!(look(&mut seen, &lines, 2_000_000), []);
        let mut seen = Seen::default();
        look(&mut seen, &[line(9_000_000, "from tomorrow")], 1_000_000);
        assert_eq!(look(&mut seen, &[line(1_000_000, "now")], 1_000_000), [line(1_000_000, "now")]);
    }

    #[test]
    fn what_is_skipped_is_not_shown_and_the_rest_is_still_known() {
        let mut seen = Seen::default();
        let lines = [line(1_000, "a"), line(500_000, "b")];
        assert_eq!(look(&mut seen, &lines, 500_000), lines);
        seen.skip_to(450_000);
        assert_eq!(seen.from(), 450_000);
        let more = [line(440_000, "late"), line(500_000, "b"), line(500_001, "c")];
        assert_eq!(look(&mut seen, &more, 500_001), [line(500_001, "c")]);
        seen.skip_to(0);
        assert!(seen.from() >= 440_000, "never back");
    }

    proptest! {
        /// Lines come in any order within the time that a look goes back: each is shown once.
        #[test]
        fn every_line_is_shown_once(arrivals in prop::collection::vec((0..50_000_i64, 0..3_u8), 1..60), looks in prop::collection::vec(0..60_usize, 0..6)) {
            let lines: Vec<Line> = arrivals.iter().map(|(at, text)| line(*at, &text.to_string())).collect();
            let mut ends: Vec<usize> = looks.into_iter().map(|end| end.min(lines.len())).collect();
            ends.sort_unstable();
            ends.push(lines.len());
            let mut seen = Seen::default();
            let mut shown: Vec<Line> = ends.into_iter().flat_map(|end| look(&mut seen, &lines[..end], 50_000)).collect();
            let order = |line: &Line| (line.at, line.text.clone());
            shown.sort_by_key(order);
            let mut all = lines;
            all.sort_by_key(order);
            prop_assert_eq!(shown, all);
        }
    }
}
