//! Every limit of the receiver, in one place.

use std::time::Duration;

/// What clients may demand. Each limit exists in [`Limits::DEFAULT`]; tests and attach options change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one request, as sent and again after decompression.
    pub max_request_size: usize,
    /// Bytes of all requests that are being received and decoded; what is beyond is refused for now.
    pub in_flight_bytes: usize,
    /// Open connections of all listeners; what is beyond is closed at once.
    pub max_connections: usize,
    /// Requests at a time on one HTTP/2 connection.
    pub max_streams: u32,
    /// Time for the head of a request, and for any HTTP/2 frame that is not data.
    pub header_timeout: Duration,
    /// Time for the body of a request.
    pub request_timeout: Duration,
    /// Time a connection may pass without a request or a byte of one.
    pub idle_timeout: Duration,
    /// Time between pings that tell whether an HTTP/2 client is still there.
    pub ping_interval: Duration,
    /// Time a client has to answer a ping.
    pub ping_timeout: Duration,
    /// Time that requests have to finish once the receiver stops.
    pub drain_timeout: Duration,
    /// The delay asked of clients whose request found no room.
    pub retry_delay: Duration,
}

impl Limits {
    /// The limits of a receiver nobody configured.
    pub const DEFAULT: Limits = Limits {
        max_request_size: 64 << 20,
        in_flight_bytes: 256 << 20,
        max_connections: 512,
        max_streams: 200,
        header_timeout: Duration::from_secs(10),
        request_timeout: Duration::from_secs(30),
        idle_timeout: Duration::from_secs(5 * 60),
        ping_interval: Duration::from_secs(30),
        ping_timeout: Duration::from_secs(20),
        drain_timeout: Duration::from_secs(2),
        retry_delay: Duration::from_secs(1),
    };
}

/// Bytes of an HTTP/2 frame at most. Larger frames mean fewer of them, which is what costs.
pub(crate) const MAX_FRAME_SIZE: u32 = 1 << 20;

/// Bytes that a client may send over an HTTP/2 connection before they are read. With room for several requests,
/// most of them come in one frame each.
pub(crate) const CONNECTION_WINDOW: u32 = 2 << 20;

/// Bytes of the headers of an HTTP/2 request at most.
pub(crate) const MAX_HEADER_LIST_SIZE: u32 = 16 << 10;

/// Bytes a request gets at first if it does not declare its length; then twice as many each time.
pub(crate) const FIRST_STEP: usize = 64 << 10;

/// Bytes a request gets at first at most if it declares its length.
pub(crate) const TRUSTED_SIZE: usize = 512 << 10;

/// Then it gets so many times as many as have arrived, or all, if that is no more than twice of it: each time
/// what is here may have to move.
pub(crate) const TRUSTED_GROWTH: usize = 8;

/// Nor does it get more than this part of all bytes in flight, unless [`FIRST_STEP`] is: so many that declare
/// much and send nothing leave room for others.
pub(crate) const TRUSTED_SHARE: usize = 64;

/// Bytes that a thread keeps to expand compressed requests in.
pub(crate) const KEPT_ROOM: usize = 512 << 10;

/// Requests from this size on are decoded where they hold up no other connection.
pub(crate) const BLOCKING_SIZE: usize = 1 << 20;

/// Requests from this size on are looked through for what takes more memory than its bytes, before that
/// is taken.
pub(crate) const COUNTED_SIZE: usize = 1 << 20;

/// Bytes of an error message to a client at most.
pub(crate) const MAX_MESSAGE: usize = 1 << 10;

/// Pause after a failed `accept`, such as for want of file descriptors.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Time to read on, and drop, what a client still sends of a request that was refused, so that it comes
/// to read the answer.
pub(crate) const LINGER: Duration = Duration::from_secs(1);

/// While draining, a connection without a request gets this long to say goodbye.
pub(crate) const GOODBYE: Duration = Duration::from_millis(250);

/// Beyond the drain, time for threads that are in the midst of a request.
pub(crate) const ABORT: Duration = Duration::from_millis(500);

/// Threads that serve requests: half as many as cores, within these bounds. Queries need the others, and to
/// wake another thread for every other request costs more than it saves.
pub(crate) const WORKERS: std::ops::RangeInclusive<usize> = 1..=4;
