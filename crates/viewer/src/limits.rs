//! Every limit of the viewer, in one place.

use std::time::Duration;

/// Connections at a time; others wait where they are.
pub const CONNECTIONS: usize = 256;

/// Queries that run at a time; others wait.
pub const QUERIES: usize = 4;

/// Rows of a result at most.
pub const ROWS: u64 = 10_000;

/// Bytes of a result at most, as it is sent.
pub const RESULT: u64 = 256 << 20;

/// Bytes of a value at most; what is longer is cut.
pub const VALUE: usize = 1 << 20;

/// Bytes of a piece of a result, unless a row has more.
pub(crate) const PIECE: usize = 64 << 10;

/// Pieces that wait for the browser to take them.
pub(crate) const PIECES: usize = 4;

/// Bytes of a row at most, or little more; texts beyond that are cut to nothing.
pub(crate) const ROW: usize = 16 << 20;

/// Bytes of the head of a request at most.
pub(crate) const HEAD: usize = 16 << 10;

/// Bytes of the body of a request at most.
pub(crate) const BODY: usize = 1 << 20;

/// Time for the head of a request, and that a connection may pass without one.
pub(crate) const HEAD_TIME: Duration = Duration::from_secs(10);

/// Time for the body of a request.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(10);

/// Time to read on, and drop, what is still sent of a request that was refused.
pub(crate) const LINGER: Duration = Duration::from_secs(1);

/// Time that a browser may pass without taking anything of an answer.
pub(crate) const STALL: Duration = Duration::from_secs(30);

/// How often progress is told.
pub(crate) const PROGRESS: Duration = Duration::from_millis(250);

/// A query that is to end is told so until it does, as often as that: what is told before it has begun is lost.
pub(crate) const INSIST: Duration = Duration::from_millis(20);

/// Tokens that are valid at a time: the newest.
pub(crate) const TOKENS: usize = 16;

/// Pause after a failed `accept`, such as for want of file descriptors.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Time that queries have to end once the viewer stops.
pub(crate) const ABORT: Duration = Duration::from_millis(1000);
