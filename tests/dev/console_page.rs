//! The console's page, in a browser, with `pipe dev` behind it.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::browser::{Browser, CONTROL, DOWN, ENTER, ESCAPE, RELEASE, TAB};
use super::dev::{Dev, MAIN, pipe, replace};
use super::process::{Started, signal};

/// For a person at a desk.
pub const DESK: u32 = 1280;
/// For a person with a telephone.
const POCKET: u32 = 400;
/// What would run, turn the text around it, ring, and end a C string.
const HOSTILE: &str = "<script>hurt=1</script><img src=x onerror=hurt=1>\u{202e}gnp.exe\u{7}\0";

fn console(dev: &Dev) -> String {
    dev.session()["console_url"].as_str().unwrap().to_owned()
}

/// Opens the page and waits until it listens.
pub fn open(browser: &Browser, url: &str) {
    browser.goto(url);
    browser.until_says("#link", "live");
}

/// Sends a body with the form, and says what came back.
fn send(browser: &Browser, body: &str) -> String {
    browser.fill("#body", body);
    browser.click("#send");
    browser.until_says("#answer", "answered in")
}

/// Waits for a row of a list that has all these texts.
pub fn row(browser: &Browser, list: &str, texts: &[&str]) -> String {
    let find = "const rows = [...document.querySelectorAll(LIST)], has = (row) => TEXTS.every((one) => row.innerText.includes(one));\
                return rows.find(has)?.id";
    let script =
        find.replace("LIST", &json!(format!("{list} .row")).to_string()).replace("TEXTS", &json!(texts).to_string());
    let id = browser.until(&format!("{texts:?} in {list}"), &script);
    format!("[id={id}]")
}

fn titles(browser: &Browser) -> Vec<String> {
    let found = browser.run("return [...document.querySelectorAll('.step h3 > bdi')].map((one) => one.textContent)");
    serde_json::from_value(found).unwrap()
}

#[test]
fn with_the_mouse_alone_an_event_is_sent_seen_and_opened_and_a_letter_is_read() {
    let Some(browser) = Browser::of_width(DESK) else { return };
    let dev = Dev::new(MAIN);
    open(&browser, &console(&dev));
    let answer = send(&browser, r#"{"eventId": "by-form", "n": 12345678901234567890}"#);
    assert!(answer.starts_with("200"), "{answer}");
    let event = row(&browser, "#events", &["/submit/", "done"]);
    browser.click(&event);
    browser.until_says("#opened", "by-form");
    let steps = titles(&browser);
    for title in ["request", "record", "invocation", "row"] {
        assert!(steps.iter().any(|step| step.contains(title)), "{title} in {steps:?}");
    }
    browser.click("#tab-rows");
    let rows = browser.until_says("#rows", "by-form");
    assert!(rows.contains("12345678901234567890"), "numbers stay exact: {rows}");

    browser.click("#close");
    assert!(send(&browser, "{").starts_with("400"), "what is no JSON is sent as it is");
    assert!(send(&browser, r#"{"n": 1}"#).starts_with("200"));
    browser.click("#tab-letters");
    browser.click(&row(&browser, "#letters", &["no-key"]));
    browser.until_says("#opened .heading", "no-key");
    // What is open is in the address.
    browser.reload();
    browser.until_says("#opened .heading", "no-key");
    browser.until_says("#letters-count", "1");
}

/// A handler that fails, and one that does not.
const BROKEN: &str = "def handler(event, context):\n    raise ValueError('broken')\n";
const MENDED: &str = r#"
import base64, json, os
import boto3

def handler(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["PIPE_TABLE"])
    for record in event["Records"]:
        table.put_item(Item=json.loads(base64.b64decode(record["kinesis"]["data"])))
"#;
const FAILS: &str = "
name: gateway-events
stream: { kinesis: {} }
consumer:
  function: { handler: { path: fn, runtime: python3.13, entry: app.handler }, failures: { retries: 0 } }
sink: { table: { partition_key: id } }
dlq: { queue: {} }
";

#[test]
fn with_the_mouse_alone_a_poison_event_is_found_and_is_a_row_once_its_cause_is_mended() {
    let Some(browser) = Browser::of_width(DESK) else { return };
    let mut dev = Dev::start(FAILS, None, |folder| {
        std::fs::create_dir(folder.join("fn")).unwrap();
        std::fs::write(folder.join("fn/app.py"), BROKEN).unwrap();
    });
    open(&browser, &console(&dev));
    assert!(send(&browser, r#"{"id": "poison"}"#).starts_with("200"));
    browser.click(&row(&browser, "#events", &["dead letter"]));
    browser.until_says("#opened .log", "broken");
    browser.click("#tab-letters");
    let letter = row(&browser, "#letters", &["ago"]);
    let applied = dev.count("Applied in");
    replace(&dev.path().join("fn"), "app.py", MENDED, 0o644);
    dev.until("the edit", |dev| (dev.count("Applied in") > applied).then_some(()));
    browser.click(&letter);
    browser.click("#opened .actions button");
    browser.click("#sure [value=no]");
    assert_eq!(
        browser.run("return document.querySelector('#letters-status').textContent"),
        "",
        "nothing without consent"
    );
    browser.click("#opened .actions button");
    browser.click("#sure-yes");
    browser.until_says("#letters-status", "1 letter taken by the function");
    browser.until_says("#letters-empty", "No dead letters.");
    browser.click("#tab-rows");
    browser.until_says("#rows", "poison");
}

#[test]
fn nothing_of_an_event_becomes_markup_and_both_windows_show_it() {
    let Some(browser) = Browser::of_width(DESK) else { return };
    let dev = Dev::new(MAIN);
    let url = console(&dev);
    open(&browser, &url);
    let [first, second] = browser.second_window(&url);
    browser.until_says("#link", "live");
    let event = json!({ "eventId": HOSTILE, HOSTILE: HOSTILE, "long": "x".repeat(900_000) });
    dev.put(&dev.sdk(), "hostile", event.to_string().as_bytes());
    for window in [first, second] {
        browser.switch(&window);
        let event = row(&browser, "#events", &["dead letter"]);
        browser.click(&event);
        browser.until_says("#opened", "invocation");
        browser.run("document.querySelectorAll('#opened details').forEach((one) => (one.open = true))");
        let shown = browser.until_says("#opened", "Only the first 64.0 KB of it were kept.");
        assert!(shown.contains("<script>hurt=1</script>") && shown.contains("U+202E"), "as text: {shown:.2000}");
        browser.click("#tab-letters");
        browser.click(&row(&browser, "#letters", &["item-too-large"]));
        browser.until_says("#opened", "item-too-large");
        let made =
            browser.run("return [typeof hurt, document.querySelectorAll('img, body script, main style').length]");
        assert_eq!(made, json!(["undefined", 0]));
    }
    dev.edit("shards: 1", "shards: many");
    let wrong = browser.until_says("#problems", "^");
    assert!(wrong.contains("pipeline.yaml:20:13") && wrong.contains("shards: many"), "{wrong}");
    dev.edit("shards: many", "shards: 1");
    browser.until("the problem to go", "return document.querySelector('#problems').hidden");
}

#[test]
fn many_visits_and_many_events_do_not_slow_it() {
    let Some(browser) = Browser::of_width(DESK) else { return };
    let dev = Dev::new("name: many\nstream: { kinesis: {} }\n");
    let url = console(&dev);
    // More than a browser has connections to one server: a page that was left keeps none.
    for _ in 0..8 {
        browser.goto("about:blank");
        open(&browser, &url);
    }
    // Told within the page, as many as it keeps: through the pipeline they would take minutes.
    let told = "const { tell } = await import('/console/bus.js'); for (let n = 1; n <= 10000; n++)\
                tell('stream:event', { n, at: n, title: 'e', id: `n${n}`, state: 'done', ms: 1, where: 'table', why: null });";
    browser.run(&format!("return (async () => {{ {told} }})()"));
    browser.until_says("#events-note", "10,000");
    let rows = || browser.run("return document.querySelectorAll('#events .row').length").as_u64().unwrap();
    assert!(rows() < 100, "only those in sight are elements: {}", rows());
    browser.run("document.querySelector('#events').scrollTop = 5000 * 32");
    row(&browser, "#events", &["n5000"]);
    assert!(rows() < 100, "{}", rows());
}

#[test]
fn on_a_small_screen_keys_are_enough_and_the_page_comes_back_with_pipe_dev() {
    let Some(browser) = Browser::of_width(POCKET) else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pipeline.yaml"), MAIN).unwrap();
    let mut dev = up(&folder);
    let url = pipe(folder.path(), None).args(["console", "--local"]).output().unwrap().stdout;
    let url = String::from_utf8(url).unwrap();
    assert!(!dev.out().contains("token="), "nothing that is kept has the token: {}", dev.out());
    open(&browser, url.trim());
    assert_eq!(browser.run("return location.search"), "", "the token is in no address that others see");
    let fits =
        "const root = document.documentElement; return innerWidth === 400 && root.scrollWidth <= root.clientWidth";
    assert_eq!(browser.run(fits), true, "nothing is beside the screen");
    by_keys(&browser);

    signal(dev.pid(), Signal::INT);
    dev.end();
    browser.until_says("#link", "gone");
    // On the port that it had, and with its token.
    let _dev = up(&folder);
    browser.until_says("#link", "live");
    browser.until_says("#events-empty", "No events yet.");
    browser.press("s");
    assert!(send(&browser, r#"{"eventId": "after"}"#).starts_with("200"), "without a new page");
}

fn up(folder: &tempfile::TempDir) -> Started {
    let mut dev = Started::of(folder.path(), |_| {});
    dev.until("it to be up", |dev| dev.out().contains("Up in ").then_some(()));
    dev
}

/// Sends an event, opens it, and goes through the rest of the page.
fn by_keys(browser: &Browser) {
    browser.press("s");
    let focus = "return document.activeElement.id";
    for _ in 0..3 {
        browser.press(TAB);
    }
    assert_eq!(browser.run(focus), "body");
    browser.press(&format!(r#"{CONTROL}a{RELEASE}{{"eventId": "by-keys"}}"#));
    browser.press(&format!("{CONTROL}{ENTER}{RELEASE}"));
    browser.until_says("#answer", "answered in");
    browser.press(ESCAPE);
    browser.press(ESCAPE);
    assert_eq!(browser.run(focus), "events");
    row(browser, "#events", &["done"]);
    browser.press(&format!("{DOWN}{ENTER}"));
    browser.until_says("#opened", "by-keys");
    browser.press(ESCAPE);
    browser.until("it to be closed", "return document.querySelector('#inspector').hidden");
    browser.press("3");
    browser.until_says("#letters-empty", "No dead letters.");
    browser.press("?");
    browser.until("the help", "return document.querySelector('#help').open");
    browser.press(ESCAPE);
    browser.press("/");
    browser.press("nothing is like this");
    browser.until_says("#events-empty", "No event is like that.");
    browser.press(ESCAPE);
    let found: Value = browser.until("the events again", "return document.querySelectorAll('#events .row').length > 0");
    assert_eq!(found, json!(true));
    // Out of the field, which the first one only emptied.
    browser.press(ESCAPE);
}
