//! The console of a pipeline that is deployed: `pipe dev` deploys it and answers for AWS; the page is that of `pipe console`, which knows
//! of no `pipe dev`.

use rustix::process::Signal;
use serde_json::json;

use super::browser::Browser;
use super::client::Client;
use super::console_page::{DESK, open, row};
use super::dev::{Dev, MAIN, pipe};
use super::process::{Started, signal};

/// `pipe console` with its URL.
fn console(dev: &Dev) -> (Started, String) {
    let session = dev.session();
    let text = |name: &str| session[name].as_str().unwrap().to_owned();
    let mut command = pipe(dev.path(), None);
    command.env("AWS_ACCESS_KEY_ID", session["keys"][0].as_str().unwrap());
    command.env("AWS_SECRET_ACCESS_KEY", session["keys"][1].as_str().unwrap());
    command.args(["console", "--endpoint-url", &text("endpoint_url"), "--region", &text("region")]);
    let mut started = Started::running(command);
    let url = started.until("the address", |console| console.out().lines().next().map(str::to_owned));
    (started, url)
}

#[test]
fn a_deployed_pipeline_shows_how_it_is_its_logs_and_the_way_of_an_event_and_redrives_after_asking() {
    let Some(browser) = Browser::of_width(DESK) else { return };
    let dev = Dev::new(MAIN);
    let client = Client::of(&dev);
    assert_eq!(client.post("/submit/GatewayEventsStream/by-api", r#"{"eventId": "by-api"}"#).status, 200);
    dev.put(&dev.sdk(), "poison", br#"{"no": "key"}"#);
    let (mut console, url) = console(&dev);
    open(&browser, &url);
    assert_eq!(browser.run("return location.search"), "", "the token is in no address that others see");
    browser.until_says("#where", "AWS");
    let tabs = "return [...document.querySelectorAll('[role=tab]')].filter((tab) => !tab.hidden).map((tab) => tab.dataset.tab)";
    assert_eq!(browser.run(tabs), json!(["status", "lines", "letters"]), "no rows, which cost, and no events");
    for part in ["stream", "mapping", "consumer", "table", "dlq"] {
        browser.until_says("#stations", part);
    }
    let form = "return getComputedStyle(document.querySelector('#sender-pane')).display";
    assert_eq!(browser.run(form), "none", "nothing is sent from here");

    browser.click("#tab-lines");
    browser.click(&row(&browser, "#lines", &["POST /submit/", "200"]));
    browser.click("#opened .actions button");
    let way = browser.until_says("#opened .steps", "api");
    assert!(way.contains("POST"), "{way}");

    browser.click("#tab-letters");
    browser.click(&row(&browser, "#letters", &["no-key"]));
    browser.click("#opened .actions button");
    browser.until_says("#sure-text", "The function on AWS");
    browser.click("#sure-yes");
    browser.until_says("#letters-status", "1 letter taken by the function");

    signal(console.pid(), Signal::INT);
    assert_eq!(console.end().0, Some(0));
    browser.until_says("#link", "gone");
}
