//! Who may call the Runtime API of a process: the process, and what it starts in its own group.
//!
//! The port is open to every program and every web page of this machine, and the runtimes know nothing but its address: there
//! is no secret to ask them for. Anyone else who got an event would have a client's credentials, and could answer in the
//! function's name.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::IncomingStream;
use tokio::net::TcpListener;
use tokio::sync::{OnceCell, watch};
use tokio::task::spawn_blocking;

use super::process::Told;
use super::runtime_api::refusal;
use crate::pages;

/// Which callers a listener has.
#[derive(Clone)]
pub(super) struct Callers {
    /// The listener's own address.
    pub own: SocketAddr,
    /// What is known of the process.
    pub told: watch::Receiver<Told>,
}

/// The other end of a connection, and whether it is the process's: looked up once, because it stays so.
#[derive(Clone)]
pub(super) struct Peer {
    address: SocketAddr,
    is_own: Arc<OnceCell<bool>>,
}

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        // Without it each answer may wait 40 ms for the other side's acknowledgement.
        let _ = stream.io().set_nodelay(true);
        Self { address: *stream.remote_addr(), is_own: Arc::default() }
    }
}

/// Lets the process's own calls through.
pub(super) async fn pass(
    State(callers): State<Callers>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let is_page = request.method() == Method::OPTIONS || pages::sent(headers) || !pages::names(headers, callers.own);
    if !is_page && *peer.is_own.get_or_init(|| callers.look(peer.address)).await {
        return next.run(request).await;
    }
    let why = if is_page { "Not for web pages, nor under another host" } else { "Only for the function's own process" };
    refusal(StatusCode::FORBIDDEN, "Forbidden", why)
}

impl Callers {
    async fn look(&self, peer: SocketAddr) -> bool {
        let (mut told, own) = (self.told.clone(), self.own);
        // It may call before the supervisor has reported its number.
        let told = told.wait_for(|told| told.pid.is_some() || told.exit.is_some()).await;
        let Some(group) = told.ok().and_then(|told| told.pid.filter(|_| told.exit.is_none())) else { return false };
        spawn_blocking(move || has(group, peer, own)).await.unwrap_or(false)
    }
}

/// Whether a process of this group has the end `peer` of a connection to `own`.
///
/// Only Linux says so. The handlers run nowhere else; elsewhere only web pages are kept out.
fn has(group: u32, peer: SocketAddr, own: SocketAddr) -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    // Twice, because Linux gives its list in parts while it changes: one look may miss a line.
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().cycle().take(4);
    let mut inodes = tables.filter_map(|table| socket(&fs::read_to_string(table).ok()?, peer, own));
    let Some(inode) = inodes.next() else { return false };
    let link = format!("socket:[{inode}]");
    let is_held = |pid: u32| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_link(file.path()).ok()).any(|to| to.as_os_str() == link.as_str())
    };
    // Nearly always the first of them.
    is_held(group) || members(group).any(is_held)
}

/// The processes of a group. Not by rustix's `getpgid`: threads of the kernel are of no group, for which it has no value.
fn members(group: u32) -> impl Iterator<Item = u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let group_of = |pid: &u32| {
        // A name in brackets, which may have brackets of its own; then state, parent, group: see proc_pid_stat(5).
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit(')').next()?.split_ascii_whitespace().nth(2)?.parse::<u32>().ok()
    };
    pids.filter(move |pid| group_of(pid) == Some(group))
}

/// The inode of the socket that is the end `peer` of a connection to `own`, in a table of proc_pid_net(5).
pub(super) fn socket(table: &str, peer: SocketAddr, own: SocketAddr) -> Option<String> {
    let (peer, own) = (written(peer), written(own));
    table.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        // The table of IPv4 has only the end of what that of IPv6 has.
        let is_it = peer.ends_with(fields.next()?) && own.ends_with(fields.next()?);
        fields.nth(6).filter(|_| is_it).map(str::to_owned)
    })
}

/// An address as the table of IPv6 has it: four times four bytes, each a number in this machine's order, and the port.
fn written(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let (words, port) = (ip.octets(), address.port());
    let words = words.as_chunks::<4>().0.iter().map(|word| format!("{:08X}", u32::from_ne_bytes(*word)));
    format!("{}:{port:04X}", words.collect::<String>())
}
