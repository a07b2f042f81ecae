//! Where a console is, and what opens it.
//!
//! `pipe dev` keeps both for its spec, in a file of its user's own, so that open pages find it again when it is started again.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use pipe_local::private;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::error::{Error, Result};

/// What more than this is in such a file is not ours.
const LONGEST: u64 = 4096;
const SHORTEST_TOKEN: usize = 32;

/// A bound port of the loopback, with the token that requests carry.
pub struct Door {
    pub listener: TcpListener,
    pub own: SocketAddr,
    pub token: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    port: u16,
    token: String,
}

impl Door {
    /// A door with a token of its own.
    ///
    /// # Errors
    /// The listener has no address.
    pub fn new(listener: TcpListener) -> Result<Self> {
        Self::with(listener, format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple()))
    }

    /// The door of a file: with its token, and on its port where no other port is asked for. It is written anew.
    ///
    /// # Errors
    /// Nothing can be bound; the file cannot be written.
    pub async fn kept(path: &Path, bind: impl AsyncFn(u16) -> Result<TcpListener>, port: u16) -> Result<Self> {
        let kept = read(path);
        let last = match &kept {
            // Another program may have it now.
            Some(kept) if port == 0 => TcpListener::bind((Ipv4Addr::LOCALHOST, kept.port)).await.ok(),
            _ => None,
        };
        let listener = match last {
            Some(listener) => listener,
            None => bind(port).await?,
        };
        let door = match kept {
            Some(kept) => Self::with(listener, kept.token)?,
            None => Self::new(listener)?,
        };
        let kept = Kept { port: door.own.port(), token: door.token.clone() };
        write(path, &kept)
            .map_err(|error| Error::fatal(format!("cannot write `{}`: {error}", path.display())))
            .map(|()| door)
    }

    fn with(listener: TcpListener, token: String) -> Result<Self> {
        let own = listener.local_addr();
        let own = own.map_err(|error| Error::fatal(format!("cannot listen for the console: {error}")))?;
        Ok(Self { listener, own, token })
    }
}

fn read(path: &Path) -> Option<Kept> {
    let mut text = String::new();
    File::open(path).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    let kept: Kept = serde_json::from_str(&text).ok()?;
    Some(kept)
        .filter(|kept| kept.token.len() >= SHORTEST_TOKEN && kept.token.bytes().all(|one| one.is_ascii_hexdigit()))
}

fn write(path: &Path, kept: &Kept) -> std::io::Result<()> {
    let mut file = private::file(path, OpenOptions::new().write(true).create(true).truncate(true))?;
    file.write_all(&serde_json::to_vec(kept)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn any(port: u16) -> Result<TcpListener> {
        Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap())
    }

    #[tokio::test]
    async fn a_door_is_found_again_with_its_token_and_on_its_port() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.console");
        let first = Door::kept(&path, any, 0).await.unwrap();
        let (own, token) = (first.own, first.token.clone());
        let beside = Door::kept(&path, any, 0).await.unwrap();
        assert_ne!(beside.own, own, "a port that is taken is no failure");
        assert_eq!(beside.token, token);
        drop((first, beside));
        let asked = Door::kept(&path, any, own.port()).await.unwrap();
        assert_eq!((asked.own, &asked.token), (own, &token));
        drop(asked);
        assert_eq!(Door::kept(&path, any, 0).await.unwrap().own, own);
    }

    #[tokio::test]
    async fn what_is_no_door_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.console");
        let mut tokens = std::collections::BTreeSet::new();
        for text in ["", "{}", r#"{"port":1,"token":""}"#, r#"{"port":1,"token":"<script>0123456789abcdef0123456789"}"#]
        {
            std::fs::write(&path, text).unwrap();
            let door = Door::kept(&path, any, 0).await.unwrap();
            assert_eq!(door.token.len(), 64);
            assert!(tokens.insert(door.token), "{text}");
        }
    }
}
