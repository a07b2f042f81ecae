//! A headless Chromium, driven over WebDriver as its user would: what is seen, clicked and typed.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use fantoccini::error::{CmdError, ErrorStatus};
use fantoccini::wd::{Capabilities, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use pipe_test_support::until;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

pub const ENTER: &str = "\u{e007}";
pub const ESCAPE: &str = "\u{e00c}";
pub const DOWN: &str = "\u{e015}";
pub const TAB: &str = "\u{e004}";
pub const CONTROL: &str = "\u{e009}";
/// Lets go of keys that are held.
pub const RELEASE: &str = "\u{e000}";

/// With this value of `PIPE_CHROMIUM` a machine without Chromium fails; without it, it skips.
const REQUIRED: &str = "required";
/// What the driver says when it listens, before its port.
const LISTENS: &str = "started successfully on port ";

/// A browser with windows of one size. It ends with the test.
pub struct Browser {
    runtime: Runtime,
    client: Client,
    /// Ends with the browser.
    _driver: Driver,
}

impl Browser {
    /// A browser with windows of this width, in pixels; none where this machine has no Chromium, which it says.
    ///
    /// # Panics
    /// There is none, and the environment says that it is required.
    pub fn of_width(width: u32) -> Option<Self> {
        let driver = Driver::start()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(width, &driver));
        let client = runtime.block_on(builder.connect(&format!("http://127.0.0.1:{}", driver.port))).unwrap();
        Some(Self { runtime, client, _driver: driver })
    }

    pub fn goto(&self, url: &str) {
        self.wait(self.client.goto(url));
    }

    pub fn reload(&self) {
        self.wait(self.client.refresh());
    }

    /// Opens another window, goes to it, and gives those before and after.
    pub fn second_window(&self, url: &str) -> [WindowHandle; 2] {
        let first = self.wait(self.client.window());
        let second = self.wait(self.client.new_window(true)).handle;
        self.switch(&second);
        self.goto(url);
        [first, second]
    }

    pub fn switch(&self, window: &WindowHandle) {
        self.wait(self.client.switch_to_window(window.clone()));
    }

    /// Runs a script in the page and gives its answer.
    pub fn run(&self, script: &str) -> Value {
        self.wait(self.client.execute(script, Vec::new()))
    }

    /// Waits until a script gives something but null, false and an empty text.
    pub fn until(&self, what: &str, script: &str) -> Value {
        let nothing = [Value::Null, json!(false), json!("")];
        until(what, || Some(self.run(script)).filter(|value| !nothing.contains(value)))
    }

    /// Waits until the first element of this selector shows a text, and gives all of its text.
    pub fn until_says(&self, css: &str, text: &str) -> String {
        let script = format!(
            "const said = document.querySelector({})?.innerText ?? ''; return said.includes({}) && said",
            json!(css),
            json!(text)
        );
        self.until(&format!("`{text}` in {css}"), &script).as_str().unwrap().to_owned()
    }

    /// Clicks with the mouse, as soon as there is something to be clicked.
    pub fn click(&self, css: &str) {
        let click = async || self.client.find(Locator::Css(css)).await?.click().await;
        until(&format!("a click on {css}"), || self.there(self.runtime.block_on(click())));
    }

    /// Types into a field instead of what it has.
    pub fn fill(&self, css: &str, text: &str) {
        let fill = async || {
            let field = self.client.find(Locator::Css(css)).await?;
            field.clear().await?;
            field.send_keys(text).await
        };
        until(&format!("the field {css}"), || self.there(self.runtime.block_on(fill())));
    }

    /// Presses keys where the focus is.
    pub fn press(&self, keys: &str) {
        let press = async || self.client.active_element().await?.send_keys(keys).await;
        self.wait(press());
    }

    fn wait<T>(&self, answer: impl Future<Output = Result<T, CmdError>>) -> T {
        self.runtime.block_on(answer).unwrap()
    }

    /// Nothing where the element is not there yet, is hidden, or was just drawn anew.
    fn there(&self, done: Result<(), CmdError>) -> Option<()> {
        let Err(error) = done else { return Some(()) };
        let covered = matches!(&error, CmdError::Standard(said) if said.error == ErrorStatus::ElementClickIntercepted);
        let later = error.is_no_such_element() || error.is_stale_element_reference() || covered;
        assert!(later || error.is_element_not_interactable(), "{error}");
        None
    }
}

fn capabilities(width: u32, driver: &Driver) -> Capabilities {
    let profile = format!("--user-data-dir={}", driver.profile.path().display());
    // In a container there is neither a sandbox nor much shared memory. Only pages of this machine are opened.
    let args = json!(["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", profile]);
    // A window is at least 500 pixels wide; what it shows may be less.
    let size =
        json!({ "deviceMetrics": { "width": width, "height": 860, "pixelRatio": 1, "mobile": false, "touch": false } });
    Capabilities::from_iter([("goog:chromeOptions".to_owned(), json!({ "args": args, "mobileEmulation": size }))])
}

/// A running driver, which starts the browser below itself.
struct Driver {
    child: Child,
    port: u16,
    profile: tempfile::TempDir,
}

impl Driver {
    fn start() -> Option<Self> {
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A group of its own, so that the browser ends with it.
        let mut child = match command.env("HOME", profile.path()).process_group(0).spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => return missing(),
            spawned => spawned.unwrap(),
        };
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = |line: String| line.split_once(LISTENS)?.1.trim_end_matches('.').parse().ok();
        let port = lines.filter_map(port).next().expect("the driver's port");
        Some(Self { child, port, profile })
    }
}

fn missing() -> Option<Driver> {
    let required = std::env::var("PIPE_CHROMIUM").is_ok_and(|value| value == REQUIRED);
    assert!(!required, "there is no `chromedriver` on this machine, and PIPE_CHROMIUM requires it");
    writeln!(std::io::stderr(), "skipped: there is no `chromedriver` (Debian: chromium-driver) on this machine").ok();
    None
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = Pid::from_raw(self.child.id().cast_signed());
        group.map(|group| kill_process_group(group, Signal::KILL));
        self.child.wait().ok();
    }
}
