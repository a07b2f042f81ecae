//! How long answers took, in a histogram of three digits: a load may last for hours.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::event::sending;

/// In microseconds.
#[derive(Debug)]
pub struct Latency(Option<Histogram<u64>>);

impl Default for Latency {
    fn default() -> Self {
        // An hour at most: no answer is waited for so long. The bounds are good, so there always is one.
        Self(Histogram::new_with_bounds(1, 60 * 60 * 1_000_000, 3).ok())
    }
}

impl Latency {
    pub fn add(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(all) = &mut self.0 {
            all.saturating_record(micros.max(1));
        }
    }

    /// As an event has it; nothing where there were no answers.
    pub fn event(&self) -> Option<sending::Latency> {
        let all = self.0.as_ref().filter(|all| !all.is_empty())?;
        let at = |part: f64| milliseconds(all.value_at_quantile(part));
        Some(sending::Latency { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: milliseconds(all.max()) })
    }
}

/// With two digits behind the point.
fn milliseconds(micros: u64) -> f64 {
    let hundredths = u32::try_from((micros + 5) / 10).unwrap_or(u32::MAX);
    f64::from(hundredths) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_three_digits() {
        let mut latency = Latency::default();
        assert_eq!(latency.event(), None);
        // Out of order: 1 ms, 2 ms, to 1000 ms.
        (0..1000).for_each(|n| latency.add(Duration::from_millis(1 + n * 7 % 1000)));
        let found = latency.event().unwrap();
        for (found, right) in [(found.p50, 500.0), (found.p90, 900.0), (found.p99, 990.0), (found.max, 1000.0)] {
            assert!((found - right).abs() <= right / 1000.0, "{found} is not {right}");
        }
    }

    #[test]
    fn what_is_out_of_bounds_counts_all_the_same() {
        let mut latency = Latency::default();
        latency.add(Duration::ZERO);
        assert_eq!(latency.event().unwrap().p50, 0.0);
        latency.add(Duration::from_secs(1_000_000));
        assert!(latency.event().unwrap().max >= 3_600_000.0);
    }
}
