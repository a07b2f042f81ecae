//! The shards of a stream, and in which order they are read: parents before their children.
//!
//! IAM: kinesis:ListShards; of a table's stream dynamodb:DescribeStream.

use std::collections::BTreeSet;

use crate::aws::Cx;
use crate::commands::dlq::records::pages::Begin;
use crate::commands::dlq::records::{is_of_table, table};
use crate::error::{Error, Result};

/// A shard, and those that it goes on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    pub id: String,
    pub parents: Vec<String>,
}

/// The shards of a stream.
///
/// # Errors
/// Those of Kinesis and of DynamoDB.
pub async fn list(cx: &Cx, stream_arn: &str) -> Result<Vec<Shard>> {
    if is_of_table(stream_arn) {
        let shard =
            |shard: table::Shard| Shard { id: shard.shard_id, parents: shard.parent_shard_id.into_iter().collect() };
        return Ok(table::shards(cx, stream_arn).await?.into_iter().map(shard).collect());
    }
    let (mut shards, mut token) = (Vec::new(), None);
    loop {
        // AWS wants either the stream or the token.
        let stream = token.is_none().then(|| stream_arn.to_owned());
        let answer = cx.aws.kinesis.list_shards().set_stream_arn(stream).set_next_token(token).send().await?;
        shards.extend(answer.shards.into_iter().flatten().map(|shard| Shard {
            parents: [shard.parent_shard_id, shard.adjacent_parent_shard_id].into_iter().flatten().collect(),
            id: shard.shard_id,
        }));
        token = answer.next_token;
        if token.is_none() {
            return Ok(shards);
        }
    }
}

/// Where a shard is to begin, as the user says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From {
    pub shard: String,
    /// Nothing for the first record since the time that is asked for.
    pub number: Option<String>,
}

impl From {
    /// Reads `SHARD` or `SHARD=NUMBER`.
    ///
    /// # Errors
    /// The number has something else than digits.
    pub fn read(text: &str) -> Result<Self> {
        let (shard, number) = text.split_once('=').map_or((text, None), |(shard, number)| (shard, Some(number)));
        if shard.is_empty()
            || number.is_some_and(|number| number.is_empty() || !number.bytes().all(|it| it.is_ascii_digit()))
        {
            let error = Error::fatal(format!("`--from {text}` names no record of a shard"));
            return Err(
                error.hint("it is SHARD=NUMBER, as the replay before said it: --from shardId-000000000000=4954...")
            );
        }
        Ok(Self { shard: shard.to_owned(), number: number.map(str::to_owned) })
    }

    /// As the user says it.
    pub fn text(&self) -> String {
        match &self.number {
            Some(number) => format!("{}={number}", self.shard),
            None => self.shard.clone(),
        }
    }
}

/// Shards that are still to be read, each after its parents.
#[derive(Debug)]
pub struct Order {
    waiting: Vec<(Shard, Begin)>,
    /// Shards that wait, are read, or were not read to their end.
    unended: BTreeSet<String>,
}

impl Order {
    /// Of all shards only one, or those where to go on and what came of them.
    ///
    /// # Errors
    /// The stream has no such shard.
    pub fn of(shards: Vec<Shard>, only: Option<&str>, from: &[From], since_ms: i64) -> Result<Self> {
        let asked: Vec<&str> = only.into_iter().chain(from.iter().map(|from| from.shard.as_str())).collect();
        if let Some(unknown) = asked.iter().find(|asked| shards.iter().all(|shard| shard.id != **asked)) {
            let known: Vec<&str> = shards.iter().take(10).map(|shard| shard.id.as_str()).collect();
            let error = Error::fatal(format!("the stream has no shard `{unknown}`"));
            return Err(error.hint(format!("its shards are {}", known.join(", "))));
        }
        let mut chosen: BTreeSet<String> = asked.iter().map(|id| (*id).to_owned()).collect();
        let all = chosen.is_empty();
        // Children are listed after their parents, mostly; until nothing changes any more, they are all found.
        while only.is_none() && !all {
            let before = chosen.len();
            let of_chosen = |shard: &&Shard| shard.parents.iter().any(|parent| chosen.contains(parent));
            let children: Vec<String> = shards.iter().filter(of_chosen).map(|shard| shard.id.clone()).collect();
            chosen.extend(children);
            if chosen.len() == before {
                break;
            }
        }
        let begin = |shard: &Shard| {
            let number = from.iter().find(|from| from.shard == shard.id).and_then(|from| from.number.clone());
            number.map_or(Begin::Time(since_ms), Begin::Number)
        };
        let waiting = shards.into_iter().filter(|shard| all || chosen.contains(&shard.id));
        let waiting: Vec<(Shard, Begin)> = waiting.map(|shard| (shard.clone(), begin(&shard))).collect();
        let unended = waiting.iter().map(|(shard, _)| shard.id.clone()).collect();
        Ok(Self { waiting, unended })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The next shard whose parents are read, if there is one now.
    pub fn next(&mut self) -> Option<(String, Begin)> {
        let ready = |(shard, _): &(Shard, Begin)| shard.parents.iter().all(|parent| !self.unended.contains(parent));
        let at = self.waiting.iter().position(ready)?;
        let (shard, begin) = self.waiting.remove(at);
        Some((shard.id, begin))
    }

    /// A shard was read to its end.
    pub fn ended(&mut self, id: &str) {
        self.unended.remove(id);
    }

    /// Those that could have begun.
    pub fn left(mut self) -> Vec<From> {
        let ready = std::iter::from_fn(|| self.next());
        let number = |begin: Begin| match begin {
            Begin::Number(number) => Some(number),
            Begin::Time(_) => None,
        };
        ready.map(|(shard, begin)| From { shard, number: number(begin) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shards() -> Vec<Shard> {
        let shard = |id: &str, parents: &[&str]| Shard {
            id: id.to_owned(),
            parents: parents.iter().map(|id| (*id).to_owned()).collect(),
        };
        // `a` was split into `b` and `c`, which were merged into `d`; the parent of `e` is forgotten.
        vec![shard("d", &["b", "c"]), shard("a", &[]), shard("b", &["a"]), shard("c", &["a"]), shard("e", &["gone"])]
    }

    fn ready(order: &mut Order) -> Vec<String> {
        std::iter::from_fn(|| order.next()).map(|(id, _)| id).collect()
    }

    #[test]
    fn a_shard_is_read_after_all_of_its_parents() {
        let mut order = Order::of(shards(), None, &[], 7).unwrap();
        assert_eq!(ready(&mut order), ["a", "e"]);
        order.ended("a");
        assert_eq!(ready(&mut order), ["b", "c"]);
        order.ended("b");
        assert_eq!(ready(&mut order), [""; 0]);
        order.ended("c");
        assert_eq!(order.next(), Some(("d".to_owned(), Begin::Time(7))));
    }

    #[test]
    fn a_replay_goes_on_with_a_shard_and_what_came_of_it() {
        let from = [From::read("b=12").unwrap()];
        let mut order = Order::of(shards(), None, &from, 7).unwrap();
        assert_eq!((order.len(), order.next()), (2, Some(("b".to_owned(), Begin::Number("12".to_owned())))));
        order.ended("b");
        assert_eq!(ready(&mut order), ["d"]);
        assert_eq!(Order::of(shards(), Some("a"), &[], 7).unwrap().len(), 1, "--shard means it alone");
        assert!(Order::of(shards(), Some("x"), &[], 7).unwrap_err().message().contains("no shard `x`"));
    }

    #[test]
    fn where_to_go_on_is_read_as_it_is_said() {
        for text in ["a", "shardId-000000000000=495"] {
            assert_eq!(From::read(text).unwrap().text(), text);
        }
        for text in ["", "=1", "a=", "a=x", "a=-1"] {
            assert!(From::read(text).is_err(), "{text}");
        }
        let left = Order::of(shards(), None, &[From::read("a=3").unwrap()], 7).unwrap().left();
        assert_eq!(left.iter().map(From::text).collect::<Vec<_>>(), ["a=3"], "its children go on with it");
    }
}
