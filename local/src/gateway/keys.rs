//! API keys and usage plans: who holds a key may ask as much as the key's plan says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::definition::{Period, Plan, Quota};
use super::exchange::Exchange;
use super::refusal::Refusal;
use super::throttle::Bucket;

/// The keys that open the stage, by their values.
#[derive(Default)]
pub struct Keys {
    plans: Vec<Plan>,
    holders: HashMap<String, Holder>,
}

#[derive(Debug)]
struct Holder {
    /// Id of the key.
    id: String,
    bucket: Option<Bucket>,
    quota: Option<(Quota, Arc<Counter>)>,
}

/// Requests of one key in the period that it counts.
#[derive(Debug, Default)]
struct Counter(Mutex<(u64, u32)>);

/// Without the values, which are secrets.
impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keys").field("plans", &self.plans).finish_non_exhaustive()
    }
}

impl Keys {
    /// `before`: what was counted there goes on.
    pub fn new(plans: Vec<Plan>, before: Option<&Arc<Keys>>) -> Arc<Self> {
        if let Some(before) = before.filter(|before| before.plans == plans) {
            return Arc::clone(before);
        }
        let counted = |value: &str, quota: &Quota| {
            let (known, counter) = before?.holders.get(value)?.quota.as_ref()?;
            (known.period == quota.period).then(|| Arc::clone(counter))
        };
        let mut holders = HashMap::new();
        for plan in &plans {
            for key in plan.keys.iter().filter(|key| key.enabled) {
                let quota = plan.quota.clone().map(|quota| {
                    let counter = counted(&key.value, &quota).unwrap_or_default();
                    (quota, counter)
                });
                let bucket = plan.throttle.as_ref().map(Bucket::new);
                holders.insert(key.value.clone(), Holder { id: key.id.clone(), bucket, quota });
            }
        }
        Arc::new(Self { plans, holders })
    }

    /// Lets the holder of a key pass, if the plan has room for one more request.
    ///
    /// # Errors
    /// The gateway response to answer with: no key or an unknown one, too many requests, a quota that is used up.
    pub fn admit(&self, value: Option<&str>, exchange: &mut Exchange) -> Result<(), Refusal> {
        let holder = value.and_then(|value| self.holders.get(value)).ok_or_else(|| Refusal::of("INVALID_API_KEY"))?;
        if let Some(identity) = exchange.context.get_mut("identity").and_then(|identity| identity.as_object_mut()) {
            identity.insert("apiKey".to_owned(), json!(value));
            identity.insert("apiKeyId".to_owned(), json!(holder.id));
        }
        if holder.bucket.as_ref().is_some_and(|bucket| !bucket.take()) {
            return Err(Refusal::of("THROTTLED"));
        }
        match &holder.quota {
            Some((quota, counter)) if !counter.take(quota, SystemTime::now()) => Err(Refusal::of("QUOTA_EXCEEDED")),
            _ => Ok(()),
        }
    }
}

impl Counter {
    fn take(&self, quota: &Quota, now: SystemTime) -> bool {
        let period = number(quota.period, now);
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.0 != period {
            *counted = (period, 0);
        }
        let room = counted.1 < quota.requests;
        counted.1 += u32::from(room);
        room
    }
}

/// The number of the calendar period of UTC: of days, of weeks that begin with Sunday, of months.
fn number(period: Period, now: SystemTime) -> u64 {
    let days = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / (24 * 60 * 60);
    match period {
        Period::Day => days,
        // The first day of all was a Thursday.
        Period::Week => (days + 4) / 7,
        Period::Month => month(days),
    }
}

/// Months since the year 0, by the days since 1970 (<https://howardhinnant.github.io/date_algorithms.html#civil_from_days>).
fn month(days: u64) -> u64 {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Counted from March.
    (era * 400 + year) * 12 + (5 * day + 2) / 153 + 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_quota_begins_anew_with_its_period() {
        let at = |days: u64| UNIX_EPOCH + Duration::from_secs(days * 86_400 + 5);
        let (counter, quota) = (Counter::default(), Quota { requests: 1, period: Period::Month });
        // 2024-02-29, and the day after.
        assert_eq!([19_782, 19_782, 19_783].map(|day| counter.take(&quota, at(day))), [true, false, true]);
        assert_eq!(number(Period::Month, at(0)), 1970 * 12);
        // 2026-11-28 was a Saturday.
        assert_eq!(number(Period::Week, at(20_785)) + 1, number(Period::Week, at(20_786)));
        assert_eq!(number(Period::Week, at(20_784)), number(Period::Week, at(20_785)));
    }
}
