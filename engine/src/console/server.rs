//! The console's HTTP: one answer for each request, after its host, its origin and its token.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::answers::{Asked, Refused, read, write};
use super::guard::{TOKEN, dress, is_own, is_token};
use super::page;
use super::shared::Shared;

/// The largest body that is taken: a request that API Gateway takes, as a text within JSON.
const LARGEST: usize = 24 * 1024 * 1024;

/// Letters of the number that a page makes up for each proof.
const NONCE: usize = 64;
/// What to do without the token. Nobody but this machine's user may read where it is.
const LACKS: &str = "open the address that `pipe` printed; `pipe console --local` prints that of `pipe dev` again";

/// Serves until it is to end.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
    let ends = async move { shared.ended().await };
    // axum serves until it is stopped; it has no other end.
    let _ = axum::serve(listener, app).with_graceful_shutdown(ends).await;
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let answered = admitted(&shared, &parts, body).await;
    dress(answered.unwrap_or_else(|refused| refusal(&refused)))
}

async fn admitted(shared: &Arc<Shared>, parts: &Parts, body: Body) -> Result<Response<Body>, Refused> {
    let own: SocketAddr = shared.own;
    if !is_own(&parts.headers, own) {
        let error = "this is a console of `pipe`, which answers its own pages alone";
        return Err(Refused::new(403, error).hint(&format!("open http://{own}/")));
    }
    let path = parts.uri.path();
    let Some(path) = path.strip_prefix("/api/") else { return assets(parts, path) };
    let asked = Asked::of(path, parts.uri.query().unwrap_or_default());
    if path == "proof" {
        return proof(&shared.token, asked.param("nonce").unwrap_or_default());
    }
    let given = parts.headers.get(TOKEN).map(HeaderValue::as_bytes);
    // A browser's stream of events has no headers of its own.
    let given = given.or_else(|| asked.param("token").filter(|_| path == "stream").map(str::as_bytes));
    if !is_token(given, &shared.token) {
        return Err(Refused::new(403, "the token is missing, or another console's").hint(LACKS));
    }
    match parts.method {
        Method::GET if path == "stream" => stream(shared),
        Method::GET => read(shared, &asked).await.map(|value| document(200, &value)),
        Method::POST => {
            let kind = parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
            if !kind.starts_with(b"application/json") {
                return Err(Refused::new(415, "the body must be application/json"));
            }
            let body = axum::body::to_bytes(body, LARGEST).await;
            let body = body.map_err(|_| Refused::new(413, "the body is too large"))?;
            let body = serde_json::from_slice(&body).map_err(|_| Refused::new(400, "the body is no JSON"))?;
            write(shared, &asked, body).await.map(|value| document(200, &value))
        }
        _ => Err(Refused::new(405, "only GET and POST are answered")),
    }
}

/// Shows that the token is known here without telling it: an open page asks whoever has the port after a while before it shows its own.
fn proof(token: &str, nonce: &str) -> Result<Response<Body>, Refused> {
    if nonce.len() != NONCE || !nonce.bytes().all(|one| one.is_ascii_hexdigit()) {
        return Err(Refused::new(400, "`nonce` is no such number"));
    }
    let digest = Sha256::digest(format!("{nonce}:{token}"));
    Ok(document(200, &json!({ "proof": hex::encode(digest) })))
}

fn assets(parts: &Parts, path: &str) -> Result<Response<Body>, Refused> {
    if parts.method != Method::GET {
        return Err(Refused::new(405, "only GET is answered"));
    }
    let missing = || Refused::new(404, "there is no such page");
    match path {
        "/" => Ok(page::index()),
        _ => path.strip_prefix("/console/").and_then(|name| page::file(name, &parts.headers)).ok_or_else(missing),
    }
}

fn stream(shared: &Arc<Shared>) -> Result<Response<Body>, Refused> {
    let greets = Arc::clone(shared);
    let stream = shared.hub.listen(move || greets.greeting());
    let stream = stream.ok_or_else(|| Refused::new(503, "too many pages are open").hint("close some"))?;
    let mut response = Response::new(Body::from_stream(stream));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}

fn refusal(refused: &Refused) -> Response<Body> {
    document(refused.status, &json!({ "error": refused.error, "hint": refused.hint }))
}

fn document(status: u16, value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests;
