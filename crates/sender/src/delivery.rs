//! A request on its way to an upstream, over connections that are kept for the next.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::timeout;

use crate::answer::{Failure, Retry};
use crate::connect::{Connection, Upstream};
use crate::endpoint::{Endpoint, Protocol};
use crate::message::Partial;
use crate::options::{OptionError, Options};
use crate::request::Request;
use crate::sender::lock;
use crate::{grpc, http};

/// The way to one upstream.
pub(crate) struct Delivery {
    upstream: Upstream,
    pub(crate) options: Options,
    /// Connections that no request has.
    idle: Mutex<Vec<Connection>>,
    /// Whether the upstream ever answered.
    known: AtomicBool,
}

impl Delivery {
    /// # Errors
    /// If certificates or keys cannot be read.
    pub(crate) fn new(endpoint: Endpoint, options: Options) -> Result<Delivery, OptionError> {
        let upstream = Upstream::new(endpoint, &options.credentials)?;
        Ok(Delivery { upstream, options, idle: Mutex::default(), known: AtomicBool::new(false) })
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.upstream.endpoint
    }

    pub(crate) fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }

    /// Sends a request once, and waits for its answer, for no longer than that may take.
    pub(crate) async fn attempt(&self, request: &Request) -> Result<Partial, Failure> {
        match timeout(self.options.timeout, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(self.no_answer()),
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Partial, Failure> {
        let endpoint = self.endpoint();
        let body = request.body.clone();
        let head = match endpoint.protocol {
            Protocol::Grpc => grpc::call(endpoint, &self.options, request.signal, body)?,
            Protocol::Http => http::post(endpoint, &self.options, request.signal, body)?,
        };
        let mut connection = match self.idle().await {
            Some(connection) => connection,
            None => self.upstream.connect().await?,
        };
        let response = connection.send(&self.upstream, head).await?;
        self.known.store(true, Ordering::Relaxed);
        let answer = match endpoint.protocol {
            Protocol::Grpc => grpc::answer(endpoint, response).await,
            Protocol::Http => http::answer(endpoint, response).await,
        };
        lock(&self.idle).push(connection);
        answer
    }

    /// A connection that is there already.
    async fn idle(&self) -> Option<Connection> {
        loop {
            let mut connection = lock(&self.idle).pop()?;
            if connection.is_ready().await {
                return Some(connection);
            }
        }
    }

    fn no_answer(&self) -> Failure {
        let message = format!("it does not answer within {:?}", self.options.timeout);
        let retry = match self.is_known() {
            true => Retry::Later(None),
            false => Retry::IfKnown,
        };
        Failure::new(retry, message)
    }
}
