//! What a run says while it lasts: that it is alive, and how each step ended, whatever happens to it.

use std::sync::Arc;
use std::time::Duration;

use pipe::apply::{self, HEARTBEAT, Outcome};
use pipe::aws::Cx;
use pipe::error::{Error, Result};
use pipe::event::{Event, schema};
use pipe::graph::{Graph, Node};
use pipe::live::Found;
use pipe::plan::plan;
use pipe::resource::{Grant, Handle, Kind, Live, Made, Name, Outputs, Resource, Scope, Tags};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::block_on;
use super::world::account;

/// Takes its time, and says after a while that it waits; or panics.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Slow {
    waits_after_seconds: u64,
    seconds: u64,
    panics: bool,
    /// Whether it is there when it begins to wait.
    there: bool,
    /// Whether it fails at its end.
    fails: bool,
}

static KINDS: &[Kind] = &[Kind::of::<Slow>()];

impl Resource for Slow {
    const KIND: &'static str = "fake:Slow";

    fn grants(_: &Scope, _: &Name) -> Vec<Grant> {
        Vec::new()
    }

    async fn read(_: &Cx, _: &Name) -> Result<Vec<Live<Self>>> {
        Ok(Vec::new())
    }

    async fn reconcile(&self, cx: &Cx, _: &Name, _: Option<&Live<Self>>) -> Result<Made> {
        assert!(!self.panics, "as it was to");
        cx.pause(Duration::from_secs(self.waits_after_seconds)).await?;
        cx.waiting("nothing");
        if self.there {
            cx.there(Outputs::new(), "its identity".to_owned());
        }
        cx.pause(Duration::from_secs(self.seconds - self.waits_after_seconds)).await?;
        if self.fails { Err(Error::fatal("as it was to")) } else { Ok(Made::default()) }
    }

    async fn delete(_: &Cx, _: &Name, _: &Handle) -> Result<()> {
        Ok(())
    }
}

/// Runs these; gives the outcome, and what was said with the seconds at which it was.
async fn told(nodes: Vec<Node>, stop_after: Option<Duration>) -> (Outcome, Vec<(u64, Event)>) {
    let cx = account("slow");
    let graph = Graph::new("slow", Tags::new(), nodes).unwrap();
    let plan = Arc::new(plan(&graph, &Found::default(), KINDS, false));
    let (events, mut reader) = mpsc::unbounded_channel();
    let (stop, stopped) = watch::channel(false);
    let start = Instant::now();
    let said = tokio::spawn(async move {
        let mut said = Vec::new();
        while let Some(event) = reader.recv().await {
            said.push((start.elapsed().as_secs(), event));
        }
        said
    });
    tokio::spawn(async move {
        match stop_after {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
        stop.send_replace(true);
    });
    let outcome = apply::run(&cx, &plan, KINDS, &events, stopped).await;
    drop(events);
    let said = said.await.unwrap();
    let schema = jsonschema::draft202012::new(&serde_json::from_str(&schema()).unwrap()).unwrap();
    for (_, event) in &said {
        let line = serde_json::from_str(&event.to_line().unwrap()).unwrap();
        assert!(schema.is_valid(&line), "{line}");
    }
    (outcome, said)
}

fn slow(id: &str, waits_after_seconds: u64, seconds: u64) -> Node {
    Node::new(id, id, &Slow { waits_after_seconds, seconds, ..Slow::default() }).unwrap()
}

#[test]
fn a_silent_run_says_how_far_it_is() {
    block_on(async {
        assert_eq!(HEARTBEAT, Duration::from_secs(10));
        let (_, said) =
            told(vec![slow("quick", 0, 3), slow("slow", 28, 45), slow("last", 0, 1).needs(["slow"])], None).await;
        let progress = |(at, event): &(u64, Event)| match event {
            Event::Progress { done, total, under_way, milliseconds } => {
                assert_eq!(milliseconds / 1000, *at);
                let under_way: Vec<String> = under_way.iter().map(ToString::to_string).collect();
                Some((*at, *done, *total, under_way.join(" ")))
            }
            _ => None,
        };
        // 10 s after the end of `quick` at 3 s, and 10 s after the wait was reported at 28 s.
        let at = |seconds| (seconds, 1, 3, "slow".to_owned());
        assert_eq!(said.iter().filter_map(progress).collect::<Vec<_>>(), [at(13), at(23), at(38)]);
    });
}

/// Every step is reported as ended once, and the summary counts these reports.
fn counted(said: &[(u64, Event)], steps: usize) -> [Vec<String>; 3] {
    let (mut done, mut failed, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
    for (_, event) in said {
        match event {
            Event::Done { id, .. } => done.push(id.to_string()),
            Event::Failed { id, .. } => failed.push(id.to_string()),
            Event::Skipped { id, .. } => skipped.push(id.to_string()),
            _ => {}
        }
    }
    assert_eq!(done.len() + failed.len() + skipped.len(), steps, "{said:?}");
    let Some((_, Event::Summary { done: d, failed: f, skipped: s, .. })) = said.last() else { panic!("no summary") };
    assert_eq!([*d, *f, *s], [done.len(), failed.len(), skipped.len()]);
    [done, failed, skipped]
}

#[test]
fn a_step_that_panics_is_told_like_any_failure() {
    block_on(async {
        let bad = Node::new("bad", "bad", &Slow { panics: true, ..Slow::default() }).unwrap();
        let (outcome, said) = told(vec![bad, slow("behind", 0, 1).needs(["bad"]), slow("beside", 0, 1)], None).await;
        assert_eq!(counted(&said, 3), [vec!["beside"], vec!["bad"], vec!["behind"]]);
        assert_eq!(outcome.failed.len(), 1);
        assert!(outcome.failed[0].1.hint_text().is_some_and(|hint| hint.contains("a defect of pipe")));
    });
}

/// Also a step that waits for one that failed and for one that the run's end kept from being begun.
#[test]
fn what_a_stopped_run_leaves_is_told() {
    block_on(async {
        let bad = Node::new("bad", "bad", &Slow { panics: true, ..Slow::default() }).unwrap();
        let nodes = vec![
            bad,
            slow("slow", 0, 30),
            slow("next", 0, 1).needs(["slow"]),
            slow("both", 0, 1).needs(["bad", "next"]),
        ];
        let (outcome, said) = told(nodes, Some(Duration::from_secs(5))).await;
        assert!(outcome.interrupted);
        let [done, failed, mut skipped] = counted(&said, 4);
        skipped.sort();
        assert_eq!((done.len(), failed.len()), (0, 1));
        assert_eq!(skipped, ["both", "next", "slow"]);
    });
}

/// A mapping is made while its stream is being encrypted; the rest that needs the stream waits, and is skipped where that fails.
#[test]
fn what_follows_a_resource_begins_when_that_is_there() {
    block_on(async {
        for fails in [false, true] {
            let props = Slow { waits_after_seconds: 5, seconds: 20, there: true, fails, ..Slow::default() };
            let nodes = vec![
                Node::new("leader", "leader", &props).unwrap(),
                slow("follower", 0, 1).follows("leader"),
                slow("behind", 0, 1).needs(["follower"]),
                slow("needs", 0, 1).needs(["leader"]),
            ];
            let (_, said) = told(nodes, None).await;
            let started = |(at, event): &(u64, Event)| match event {
                Event::Started { id, .. } => Some((*at, id.to_string())),
                _ => None,
            };
            let started: Vec<(u64, String)> = said.iter().filter_map(started).collect();
            let mut wanted = vec![(0, "leader"), (5, "follower"), (6, "behind")];
            wanted.extend((!fails).then_some((20, "needs")));
            assert_eq!(started, wanted.into_iter().map(|(at, id)| (at, id.to_owned())).collect::<Vec<_>>());
            let [done, failed, skipped] = counted(&said, 4);
            assert_eq!((done.len(), failed.len(), skipped.len()), if fails { (2, 1, 1) } else { (4, 0, 0) });
        }
    });
}
