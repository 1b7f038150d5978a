//! What a receiver tells people who look at it with a browser.

use std::fmt;
use std::sync::Arc;

use hyper::header::{CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::http::request::Parts;
use hyper::{Method, Response};

use crate::reply::Reply;

type Find = dyn Fn() -> Option<String> + Send + Sync;

/// Finds the page on which people see what was received, while there is one.
#[derive(Clone, Default)]
pub struct Page(Option<Arc<Find>>);

impl Page {
    /// A page whose URL, if it is there now, is found by `find`, which waits for nobody.
    pub fn new(find: impl Fn() -> Option<String> + Send + Sync + 'static) -> Page {
        Page(Some(Arc::new(find)))
    }

    fn find(&self) -> Option<String> {
        self.0.as_ref()?()
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Page").field(&self.find()).finish()
    }
}

/// Whether a browser looks at the receiver itself.
pub(crate) fn is_asked(head: &Parts) -> bool {
    head.method == Method::GET && head.uri.path() == "/"
}

/// What it is told.
pub(crate) fn response(page: &Page) -> Response<Reply> {
    let seen = match page.find() {
        Some(url) => format!(
            "What it received is shown at {url}\n\
             (the first time by the URL with a token that CALL otlp_viewer() returned)"
        ),
        None => "To see what it received in a browser, CALL otlp_viewer() in the DuckDB that attached it.".to_owned(),
    };
    let text = format!(
        "This is an OTLP receiver of DuckSpan.\n{seen}\n\
         Send to /v1/traces, /v1/metrics and /v1/logs, or by gRPC.\n"
    );
    let mut response = Response::new(Reply::of(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
