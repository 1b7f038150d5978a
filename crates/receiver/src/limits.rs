//! Every limit of the receiver, in one place.

use std::time::Duration;

/// What clients may demand. Each limit exists in [`Limits::DEFAULT`]; tests and attach options change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one request, as sent and again after decompression.
    pub max_request_size: usize,
    /// Bytes of all requests that are being received and decoded; what is beyond is refused for now.
    pub in_flight_bytes: usize,
    /// Bytes that open connections may hold beside that, all together. A connection is charged with the most that
    /// it can hold, [`CONNECTION_SIZE`] or more; who finds no room waits for others to go.
    pub connection_bytes: usize,
    /// Requests at a time on one HTTP/2 connection, unless it has room for fewer.
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
        connection_bytes: 32 << 20,
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

/// What a connection may hold before a request takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Buffers {
    /// Bytes of an HTTP/2 frame at most. Larger frames mean fewer of them, which is what costs.
    pub(crate) frame: u32,
    /// Bytes that a client may send over an HTTP/2 connection, and in one request, before they are read.
    pub(crate) window: u32,
    /// Requests at a time over HTTP/2.
    pub(crate) streams: u32,
    /// Bytes that HTTP/1 reads at a time.
    pub(crate) http1: usize,
    /// The bytes of all that, at most: twice a frame or a read, for buffers double; the window; each stream's
    /// [`STREAM_SIZE`]; and what a connection takes in any case.
    pub(crate) bytes: usize,
}

impl Buffers {
    /// What every connection gets. HTTP/2 has no smaller frames and windows.
    pub(crate) const SMALL: Buffers = Buffers::new(16 << 10, 65_535, 16, 32 << 10);

    /// What connections get while they are few: usual requests fit into one frame, and several into the window.
    pub(crate) const LARGE: Buffers = Buffers::new(512 << 10, 1 << 20, 200, 128 << 10);

    /// Bytes are counted in these.
    pub(crate) const UNIT: usize = 1 << 10;

    const fn new(frame: u32, window: u32, streams: u32, http1: usize) -> Buffers {
        let http2 = 2 * frame as usize + window as usize + streams as usize * STREAM_SIZE;
        let bytes = BARE_CONNECTION + if 2 * http1 > http2 { 2 * http1 } else { http2 };
        Buffers { frame, window, streams, http1, bytes: bytes.next_multiple_of(Self::UNIT) }
    }
}

/// Bytes that a connection holds at least, by [`Limits::connection_bytes`].
pub const CONNECTION_SIZE: usize = Buffers::SMALL.bytes;

/// Bytes of a connection that does nothing: its task, its tables, and what is written together.
pub(crate) const BARE_CONNECTION: usize = 48 << 10;

/// Bytes that TLS may hold of what is to be sent, and again of what came; and all that it adds to a connection.
pub(crate) const TLS_BUFFER: usize = 16 << 10;
pub(crate) const TLS_SIZE: usize = 64 << 10;

/// Bytes of a request over HTTP/2 beside its body.
pub(crate) const STREAM_SIZE: usize = 4 << 10;

/// Large buffers are given out while no more than this part of what connections may hold is in use.
pub(crate) const LARGE_SHARE: usize = 2;

/// Time that a connection has, once open, to get on with a request before it has to make room for another.
pub(crate) const IDLE_GRACE: Duration = Duration::from_millis(250);

/// The same while it is in the midst of one.
pub(crate) const BUSY_GRACE: Duration = Duration::from_secs(5);

/// Time that a new connection waits for room: by then one has gone, if any can.
pub(crate) const ROOM_PATIENCE: Duration = Duration::from_secs(6);

/// Bytes of the head of a request at most.
pub(crate) const MAX_HEAD_SIZE: u32 = 8 << 10;

/// Bytes a request gets at least.
pub(crate) const LEAST_STEP: usize = 4 << 10;

/// Bytes a request gets at first if it does not declare its length, and bytes in flight may be charged in advance.
pub(crate) const FIRST_STEP: usize = 64 << 10;

/// Bytes a request gets at first at most if it declares its length.
pub(crate) const TRUSTED_SIZE: usize = 512 << 10;

/// Then it gets so many times as many as have arrived, or all, if that is no more than twice of it: each time
/// what is here may have to move.
pub(crate) const TRUSTED_GROWTH: usize = 8;

/// The part of all bytes in flight that may be charged in advance. Where it is used up, a request gets twice what has
/// arrived.
pub(crate) const ADVANCE_SHARE: usize = 4;

/// Requests that hold more than this leave a part of all bytes in flight to others,
pub(crate) const SMALL_REQUEST: usize = 1 << 20;

/// which is one of so many.
pub(crate) const SMALL_SHARE: usize = 8;

/// Bytes that a thread keeps to expand compressed requests in.
pub(crate) const KEPT_ROOM: usize = 512 << 10;

/// Requests from this size on are long work: they are decoded where they hold up no other connection. So are
/// compressed ones that expand to more than [`KEPT_ROOM`].
pub(crate) const LONG_SIZE: usize = 1 << 20;

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
const WORKERS: std::ops::RangeInclusive<usize> = 1..=4;

/// As many threads again do long work.
pub(crate) fn workers() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores.div_ceil(2).clamp(*WORKERS.start(), *WORKERS.end())
}

/// Bytes that threads keep for themselves: to expand in, with decoders, and twice as much to transcode JSON.
pub fn thread_bytes() -> usize {
    2 * workers() * 5 * KEPT_ROOM
}
