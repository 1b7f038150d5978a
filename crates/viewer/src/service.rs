//! What happens to a request: it is checked, routed and answered.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY, SET_COOKIE, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value as Json, json};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::engine::{Engine, Session};
use crate::files;
use crate::gate::{Gate, Refusal, token_of};
use crate::limits::{BODY, BODY_TIME, LINGER, QUERIES};
use crate::query::Results;
use crate::reply::Reply;

/// What every answer says to browsers.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// A page that leads to `/`: where another site leads here, a browser takes the cookie along from here on only.
const ONWARD: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
     <meta http-equiv=\"refresh\" content=\"0; url=/\">\n<title>DuckSpan</title>\n<a href=\"/\">DuckSpan</a>\n</html>\n";

/// What all connections of a viewer share.
pub(crate) struct Service {
    pub(crate) gate: Gate,
    pub(crate) engine: Arc<dyn Engine>,
    write: bool,
    row_limit: u64,
    queries: Arc<Semaphore>,
    /// Those who ask for the session wait for each other, not for queries.
    sessions: Semaphore,
}

/// What a page asks.
struct Asked {
    sql: String,
    limit: u64,
}

impl Service {
    pub(crate) fn new(gate: Gate, engine: Arc<dyn Engine>, write: bool, row_limit: u64) -> Service {
        let queries = Arc::new(Semaphore::new(QUERIES));
        Service { gate, engine, write, row_limit, queries, sessions: Semaphore::new(1) }
    }

    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Reply>, Infallible> {
        let (head, mut body) = request.into_parts();
        let is_head = head.method == Method::HEAD;
        let answered = self.handle(&head, &mut body).await;
        // A connection that is closed while a client still sends resets it, and the answer is lost.
        if answered.is_err() {
            // Who is still sending comes to read the answer then.
            let _ = timeout(LINGER, drain(&mut body)).await;
        }
        let mut response = answered.unwrap_or_else(|refusal| refused(&refusal));
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        // What was not read of this request would be taken for the next one.
        if !body.is_end_stream() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(if is_head { response.map(|_| Reply::Whole(None)) } else { response })
    }

    async fn handle(&self, head: &Parts, body: &mut Incoming) -> Result<Response<Reply>, Refusal> {
        self.gate.check_place(head)?;
        if let Some(token) = token_of(head) {
            return Ok(onward(self.gate.open(token)?, &head.headers));
        }
        self.gate.check_session(&head.headers)?;
        match head.uri.path() {
            "/query" => {
                only(head, &[Method::POST])?;
                self.gate.check_page(&head.headers)?;
                let asked = self.read(head, body).await?;
                Ok(self.query(asked))
            }
            "/session" => {
                only(head, &[Method::GET, Method::HEAD])?;
                self.gate.check_page(&head.headers)?;
                self.session().await
            }
            path => {
                let file = files::find(path).ok_or_else(|| {
                    let message = "Nothing is there: the page is at /.";
                    Refusal::new(StatusCode::NOT_FOUND, message)
                })?;
                only(head, &[Method::GET, Method::HEAD])?;
                Ok(file_response(&file, &head.headers))
            }
        }
    }

    /// Reads what is asked.
    async fn read(&self, head: &Parts, body: &mut Incoming) -> Result<Asked, Refusal> {
        // A form of another site can send a text, but not this type, unless we allowed it to.
        let media_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.and_then(|value| value.split(';').next()).unwrap_or_default();
        if !media_type.trim().eq_ignore_ascii_case("application/json") {
            let message = "A query is sent as application/json.";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        let body = read_body(body).await?;
        let bad = || {
            let message = "A query is sent as {\"sql\": \"SELECT …\"}, with \"limit\": 100 if few rows are wanted.";
            Refusal::new(StatusCode::BAD_REQUEST, message)
        };
        let asked: Json = serde_json::from_slice(&body).map_err(|_| bad())?;
        let sql = asked["sql"].as_str().ok_or_else(bad)?.to_owned();
        let limit = match &asked["limit"] {
            Json::Null => self.row_limit,
            limit => limit.as_u64().ok_or_else(bad)?.min(self.row_limit),
        };
        Ok(Asked { sql, limit })
    }

    fn query(&self, Asked { sql, limit }: Asked) -> Response<Reply> {
        let engine = Arc::clone(&self.engine);
        let results = Results::of(engine, Arc::clone(&self.queries), sql, limit);
        of_type("application/x-ndjson", Reply::Results(results))
    }

    async fn session(&self) -> Result<Response<Reply>, Refusal> {
        let failed = |message: String| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message);
        let _turn = self.sessions.acquire().await;
        let engine = Arc::clone(&self.engine);
        let session = tokio::task::spawn_blocking(move || engine.session()).await;
        let session = session.map_err(|_| failed("The viewer is stopping.".to_owned()))?;
        let session = session.map_err(failed)?;
        let body = self.describe(&session).to_string();
        Ok(of_type("application/json", Reply::of(body)))
    }

    fn describe(&self, session: &Session) -> Json {
        let Session { database, live, relations, macros } = session;
        let names = relations.iter().map(|found| (found.kind.clone(), json!(found.name)));
        let columns = relations.iter().map(|found| (found.kind.clone(), json!(found.columns)));
        let macros =
            macros.iter().map(|found| json!([found.name, found.parameters, found.description]));
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "duckdb": database,
            "live": live,
            "relations": names.collect::<serde_json::Map<_, _>>(),
            "columns": columns.collect::<serde_json::Map<_, _>>(),
            "macros": macros.collect::<Vec<_>>(),
            "write": self.write,
            "row_limit": self.row_limit,
        })
    }
}

/// Refuses other methods.
fn only(head: &Parts, methods: &[Method]) -> Result<(), Refusal> {
    if methods.contains(&head.method) {
        return Ok(());
    }
    let names: Vec<_> = methods.iter().map(Method::as_str).collect();
    Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, names.join(", ")))
}

async fn read_body(body: &mut Incoming) -> Result<Bytes, Refusal> {
    let too_large = || {
        let message = format!("A query has {BODY} bytes at most.");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    };
    // Who announces too much is told before it is sent.
    if body.size_hint().lower() > BODY as u64 {
        return Err(too_large());
    }
    match timeout(BODY_TIME, Limited::new(body, BODY).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Refusal::new(StatusCode::BAD_REQUEST, "The query did not arrive whole.")),
        Err(_) => {
            let message = format!("The query did not arrive within {BODY_TIME:?}.");
            Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, message))
        }
    }
}

/// Reads what is left of a body.
async fn drain(body: &mut Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// Gives the cookie to who has the token, and leads on to the page.
fn onward(cookie: String, headers: &HeaderMap) -> Response<Reply> {
    // A cookie of SameSite=Strict does not go along with a redirect that another site began, but does from a page of
    // ours.
    let is_led_here =
        headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"cross-site");
    let mut response = match is_led_here {
        true => of_type("text/html; charset=utf-8", Reply::of(ONWARD)),
        false => {
            let mut response = Response::new(Reply::Whole(None));
            *response.status_mut() = StatusCode::SEE_OTHER;
            response.headers_mut().insert(LOCATION, HeaderValue::from_static("/"));
            response
        }
    };
    // It is hexadecimal digits and names of ours.
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn file_response(file: &files::File, headers: &HeaderMap) -> Response<Reply> {
    let accepted = headers.get_all(ACCEPT_ENCODING).into_iter();
    let mut accepted =
        accepted.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let expands = accepted.any(|name| matches!(name.trim(), "gzip" | "*"));
    let body = if expands { file.compressed() } else { file.plain() };
    let mut response = of_type(file.media_type, Reply::of(body));
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if expands {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn refused(Refusal { status, message }: &Refusal) -> Response<Reply> {
    let is_method = *status == StatusCode::METHOD_NOT_ALLOWED;
    let text =
        if is_method { format!("Only {message} is answered here.") } else { message.clone() };
    let mut response = of_type("text/plain; charset=utf-8", Reply::of(format!("{text}\n")));
    *response.status_mut() = *status;
    if is_method && let Ok(methods) = HeaderValue::try_from(message) {
        response.headers_mut().insert(ALLOW, methods);
    }
    response
}

fn of_type(media_type: &'static str, body: Reply) -> Response<Reply> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
