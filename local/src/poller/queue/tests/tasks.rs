//! The tasks that poll, in a paused time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, sleep, timeout};

use super::{VISIBILITY, dlq, properties, queued, with};
use crate::event::{Batch, Event, Location};
use crate::invoke::{Answer, Invoke, Refusal};
use crate::poller::clock::Clock;
use crate::poller::mapping::{Order, Properties};
use crate::poller::queue::deletes::Deleted;
use crate::poller::queue::poll::QueueSource;
use crate::poller::queue::record::Message;
use crate::poller::queue::{Mapping, QueueWorld, Queued, run};
use crate::poller::tests::{NOW, crashes, succeeds};
use crate::poller::trouble::Trouble;
use crate::seen::Lens;

#[derive(Default)]
struct Cloud {
    visible: VecDeque<usize>,
    deleted: Vec<String>,
    given_back: Vec<String>,
    calls: usize,
    trouble: Option<Trouble>,
}

struct Fake {
    cloud: Arc<Mutex<Cloud>>,
    events: UnboundedReceiver<Event>,
    world: QueueWorld,
    puts: watch::Sender<()>,
}

impl Fake {
    fn new(function: impl Fn() -> (Duration, Result<Answer, Refusal>) + Send + Sync + 'static) -> Self {
        let (sender, events) = unbounded_channel();
        let cloud: Arc<Mutex<Cloud>> = Arc::default();
        let called = cloud.clone();
        let invoke: Invoke = Arc::new(move |_| {
            called.lock().unwrap().calls += 1;
            let (takes, answer) = function();
            async move {
                sleep(takes).await;
                answer
            }
            .boxed()
        });
        let (puts, seen) = watch::channel(());
        let source = source(&cloud);
        let world = QueueWorld {
            source,
            invoke,
            events: sender,
            lens: Lens::default(),
            clock: Clock::with(|| NOW),
            puts: seen,
        };
        Self { cloud, events, world, puts }
    }

    fn send(&self, numbers: impl IntoIterator<Item = usize>) {
        self.cloud.lock().unwrap().visible.extend(numbers);
        self.puts.send_replace(());
    }

    fn run(&self, mapping: Mapping) -> (watch::Sender<Order>, JoinHandle<()>) {
        let (orders, given) = watch::channel(Order::Run(mapping));
        let world = self.world.clone();
        (orders, tokio::spawn(run(move |_| world.clone(), given)))
    }

    fn told(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}

fn source(cloud: &Arc<Mutex<Cloud>>) -> QueueSource {
    let (receive, delete, give_back) = (cloud.clone(), cloud.clone(), cloud.clone());
    QueueSource {
        receive: Arc::new(move |most| {
            let mut cloud = receive.lock().unwrap();
            if let Some(trouble) = cloud.trouble.clone() {
                return std::future::ready(Err(trouble)).boxed();
            }
            let most = most.min(cloud.visible.len());
            let messages = cloud.visible.drain(..most).map(message).collect();
            std::future::ready(Ok(messages)).boxed()
        }),
        delete: Arc::new(move |done| {
            let mut cloud = delete.lock().unwrap();
            cloud.deleted.extend(done.iter().map(|done| done.receipt.clone()));
            std::future::ready(Ok(done.into_iter().map(|done| (done, Deleted::Yes)).collect())).boxed()
        }),
        give_back: Arc::new(move |receipts| {
            give_back.lock().unwrap().given_back.extend(receipts);
            std::future::ready(Ok(())).boxed()
        }),
    }
}

fn message(n: usize) -> Message {
    let event = json!({ "n": n }).to_string().into();
    Message { id: format!("m-{n}"), receipt: format!("r-{n}"), group: None, receives: 3, event, facts: json!(null) }
}

#[tokio::test(start_paused = true)]
async fn a_sent_message_is_handed_over_at_once_told_of_and_deleted() {
    let mut fake = Fake::new(|| (Duration::from_millis(20), succeeds()));
    let (_orders, _task) = fake.run(with(queued(), properties()));
    sleep(Duration::from_millis(500)).await;
    fake.send(0..3);
    sleep(Duration::from_millis(60)).await;
    assert_eq!(fake.cloud.lock().unwrap().deleted, ["r-0", "r-1", "r-2"]);
    let told = fake.told();
    let [Event::Batch(Batch { function, location, records: 3, succeeded: 3, error: None, .. })] = told.as_slice()
    else {
        panic!("{told:?}")
    };
    let queue = Location { service: "sqs".into(), name: Some("orders".into()), part: None };
    assert_eq!((function.as_str(), location), ("consumer", &queue));
}

#[tokio::test(start_paused = true)]
async fn what_sqs_will_move_is_told_of() {
    let mut fake = Fake::new(|| (Duration::from_secs(1), crashes()));
    fake.send(0..1);
    let (_orders, _task) = fake.run(with(Queued { redrive: dlq(3), ..queued() }, properties()));
    sleep(Duration::from_secs(2)).await;
    let told = fake.told();
    let [Event::Batch(_), Event::DeadLetter(letter)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((letter.queue.as_str(), letter.first.as_str(), letter.last.as_str()), ("failed", "m-0", "m-0"));
    assert_eq!(letter.reason, format!("received 3 times, moved in {} s", VISIBILITY / 1000 - 1));
    assert_eq!(letter.location.name.as_deref(), Some("orders"));
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_its_batch_and_gives_back_what_waits() {
    let fake = Fake::new(|| (Duration::from_millis(1_500), succeeds()));
    fake.send(0..10);
    let mapping = with(queued(), Properties { batch_size: 10, window_ms: 60_000, ..properties() });
    let (orders, task) = fake.run(mapping);
    sleep(Duration::from_millis(100)).await;
    fake.send(10..14);
    sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    orders.send_replace(Order::End);
    timeout(Duration::from_secs(2), task).await.unwrap().unwrap();
    assert!(start.elapsed() > Duration::from_secs(1));
    fake.send(14..15);
    sleep(Duration::from_secs(60)).await;
    let cloud = fake.cloud.lock().unwrap();
    assert_eq!((cloud.calls, cloud.deleted.len()), (1, 10));
    assert_eq!(cloud.given_back, ["r-10", "r-11", "r-12", "r-13"]);
    assert_eq!(cloud.visible, [14], "nothing is received any more");
}

#[tokio::test(start_paused = true)]
async fn a_disabled_mapping_rests_and_goes_on_with_new_properties() {
    let fake = Fake::new(|| (Duration::ZERO, succeeds()));
    let (orders, _task) = fake.run(with(queued(), properties()));
    sleep(Duration::from_secs(1)).await;
    orders.send_replace(Order::Rest);
    sleep(Duration::from_secs(1)).await;
    fake.send(0..4);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.cloud.lock().unwrap().calls, 0);
    orders.send_replace(Order::Run(with(queued(), Properties { batch_size: 2, ..properties() })));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(fake.cloud.lock().unwrap().calls, 2);
}

#[tokio::test(start_paused = true)]
async fn rights_that_are_taken_away_are_told_once_and_it_goes_on() {
    let mut fake = Fake::new(|| (Duration::ZERO, succeeds()));
    let (_orders, _task) = fake.run(with(queued(), properties()));
    sleep(Duration::from_secs(1)).await;
    let denied = Trouble::Other("the role `r` may not `sqs:ReceiveMessage`".to_owned());
    fake.cloud.lock().unwrap().trouble = Some(denied);
    sleep(Duration::from_secs(120)).await;
    fake.cloud.lock().unwrap().trouble = None;
    fake.send(0..1);
    sleep(Duration::from_secs(60)).await;
    let warnings = fake.told().into_iter().filter_map(|event| match event {
        Event::Warning { message } => Some(message),
        _ => None,
    });
    let warnings: Vec<_> = warnings.collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("receiving from the queue `orders` fails") && warnings[1].contains("works again"));
    assert_eq!(fake.cloud.lock().unwrap().deleted, ["r-0"]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_costs_a_pause() {
    let panics = std::sync::atomic::AtomicBool::new(true);
    let mut fake = Fake::new(move || {
        assert!(!panics.swap(false, std::sync::atomic::Ordering::SeqCst), "a test of what a panic does");
        (Duration::ZERO, succeeds())
    });
    fake.send(0..1);
    let (_orders, _task) = fake.run(with(queued(), properties()));
    sleep(Duration::from_secs(5)).await;
    fake.send(1..2);
    sleep(Duration::from_secs(30)).await;
    assert_eq!(fake.cloud.lock().unwrap().deleted, ["r-1"], "the first is invisible for a while");
    let told = fake.told();
    assert!(matches!(&told[0], Event::Warning { message } if message.contains("panicked")), "{told:?}");
}
