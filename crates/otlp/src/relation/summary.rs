//! What is in a segment, in brief, so that whole segments are passed over.

use std::ops::RangeInclusive;

use super::column::Read;
use super::filter::{Filter, Hint};
use super::op::Op;
use super::table::Fields;
use super::walk::{ABSENT, Walk};
use super::{attributes, shared, value_json};
use crate::kept::Kept;
use crate::schema::{LOG_RECORD, Message, RESOURCE, SPAN};
use crate::segment::Segment;
use crate::signal::Signal;

/// Times, services and traces of a segment. It costs a walk over the rows to make, about as much as
/// reading their `trace_id`, and 12 bits for each trace to keep.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The first and last time in the index; `None` if no row has one.
    times: Option<RangeInclusive<i64>>,
    /// `None` if they are too many to list.
    services: Option<Services>,
    /// The traces of spans and log records.
    traces: Option<Traces>,
}

/// Services that are listed, and bytes of their names.
const MAX_SERVICES: usize = 64;
const MAX_SERVICE_BYTES: usize = 2048;

impl Summary {
    /// The summary of a segment.
    ///
    /// # Panics
    /// If it does not hold all of its requests.
    pub fn new(segment: &Segment) -> Summary {
        segment.demand(Kept::ALL);
        let times = || (0..segment.len()).filter_map(|row| segment.time(row));
        Summary {
            times: times().min().zip(times().max()).map(|(first, last)| first..=last),
            services: services(segment),
            traces: trace_field(segment.signal()).map(|message| Traces::new(segment, message)),
        }
    }

    /// Whether rows of the segment may pass the filter; `false` if none does.
    pub fn may_pass(&self, filter: &Filter) -> bool {
        filter.hints.iter().all(|hint| match hint {
            Hint::Time(range) => self
                .times
                .as_ref()
                .is_some_and(|times| range.start() <= times.end() && times.start() <= range.end()),
            Hint::Service(names) => self.services.as_ref().is_none_or(|services| {
                services.iter().any(|service| names.iter().any(|name| name == service))
            }),
            Hint::Trace(ids) => self
                .traces
                .as_ref()
                .is_none_or(|traces| ids.iter().any(|id| traces.may_contain(id))),
        })
    }

    /// The first and last time of the rows, in nanoseconds since the epoch; `None` if no row has one.
    pub fn times(&self) -> Option<RangeInclusive<i64>> {
        self.times.clone()
    }

    /// Bytes of memory that a summary of so many rows takes at most.
    pub fn max_memory(signal: Signal, rows: usize) -> usize {
        let traces = trace_field(signal).map_or(0, |_| Traces::blocks(rows) * size_of::<Block>());
        size_of::<Summary>() + MAX_SERVICE_BYTES + traces
    }

    /// Bytes of memory the summary holds.
    pub fn memory(&self) -> usize {
        let services = self.services.as_ref().map_or(0, |services| services.names.capacity());
        let traces = self.traces.as_ref().map_or(0, |traces| size_of_val(traces.blocks.as_slice()));
        size_of::<Summary>() + services + traces
    }
}

/// Names of services.
#[derive(Debug, Clone, Default)]
struct Services {
    /// Each behind its length.
    names: Vec<u8>,
    count: usize,
}

impl Services {
    const LENGTH: usize = size_of::<u16>();

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.names.as_slice();
        std::iter::from_fn(move || {
            let (len, names) = rest.split_first_chunk::<{ Services::LENGTH }>()?;
            let (name, names) = names.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
            rest = names;
            Some(name)
        })
    }

    /// Adds a name, unless it is there; `None` if there is no room.
    fn insert(&mut self, name: &[u8]) -> Option<()> {
        if self.iter().any(|known| known == name) {
            return Some(());
        }
        let more = Self::LENGTH + name.len();
        if self.count == MAX_SERVICES || self.names.len() + more > MAX_SERVICE_BYTES {
            return None;
        }
        self.count += 1;
        self.names.reserve_exact(more);
        self.names.extend_from_slice(&(name.len() as u16).to_le_bytes());
        self.names.extend_from_slice(name);
        Some(())
    }
}

/// The distinct names of services.
fn services(segment: &Segment) -> Option<Services> {
    let mut walk = Walk::new(&RESOURCE);
    let op = Op::new(&shared::SERVICE_NAME, &RESOURCE, &mut walk);
    let (Op::Attribute { slot, repeated, .. }, Read::Attribute(key)) =
        (op, shared::SERVICE_NAME.read)
    else {
        return None;
    };
    let (mut found, mut last) = (Services::default(), None);
    for row in 0..segment.len() {
        // Rows of one resource stand together, so this leaves out nearly all of them.
        let number = segment.resource_of(row);
        if last.replace(number) == Some(number) {
            continue;
        }
        let [Some(range), _] = segment.resource_ranges(number) else { continue };
        let (mut places, end) = ([ABSENT], range.end);
        walk.locate(segment.checked().at(range), &mut places);
        let name = Fields::new(segment.checked(), &places, end)
            .at(slot)
            .and_then(|first| attributes::find(repeated.elements(first), key.as_bytes()))
            .and_then(value_json::text_of);
        if let Some(name) = name {
            found.insert(&name)?;
        }
    }
    Some(found)
}

/// The rows' message, where it has a trace id.
fn trace_field(signal: Signal) -> Option<&'static Message> {
    match signal {
        Signal::Traces => Some(&SPAN),
        Signal::Logs => Some(&LOG_RECORD),
        Signal::Metrics => None,
    }
}

/// A set of trace ids that may say yes too often: a Bloom filter in blocks of a cache line, of which an
/// id sets four bits of one.
#[derive(Debug, Clone)]
struct Traces {
    blocks: Vec<Block>,
}

type Block = [u64; 8];

/// Bits for each trace; one in about sixty others is then taken for one of the set.
const BITS_PER_TRACE: usize = 12;

impl Traces {
    fn new(segment: &Segment, message: &'static Message) -> Traces {
        let mut walk = Walk::new(message);
        let op = Op::new(&shared::TRACE_ID, message, &mut walk);
        let mut hashes = Vec::new();
        if let Op::Id { slot, .. } = op {
            for range in (0..segment.len()).filter_map(|row| segment.message_range(row)) {
                let (mut places, end) = ([ABSENT], range.end);
                walk.locate(segment.checked().at(range), &mut places);
                let id = Fields::new(segment.checked(), &places, end).content(slot);
                let hash = id.and_then(|id| hash(id.content()));
                // Spans of a trace mostly come together, so this leaves less to sort.
                hashes.extend(hash.filter(|hash| hashes.last() != Some(hash)));
            }
        }
        // Counted before there is a filter, since its size follows from how many different traces there are.
        hashes.sort_unstable();
        hashes.dedup();
        let mut traces = Traces { blocks: vec![[0; 8]; Traces::blocks(hashes.len())] };
        hashes.into_iter().for_each(|hash| traces.insert(hash));
        traces
    }

    /// Blocks for so many traces.
    fn blocks(traces: usize) -> usize {
        (traces * BITS_PER_TRACE).div_ceil(8 * size_of::<Block>())
    }

    fn insert(&mut self, hash: u64) {
        let block = self.block_of(hash);
        for bit in bits(hash) {
            self.blocks[block][bit / 64] |= 1 << (bit % 64);
        }
    }

    fn may_contain(&self, id: &[u8]) -> bool {
        let Some(hash) = hash(id) else { return false };
        let Some(block) = self.blocks.get(self.block_of(hash)) else { return false };
        bits(hash).into_iter().all(|bit| block[bit / 64] >> (bit % 64) & 1 != 0)
    }

    fn block_of(&self, hash: u64) -> usize {
        // The upper 28 bits as a fraction of the blocks; `bits` takes nine of the others four times.
        (((hash >> 36) * self.blocks.len() as u64) >> 28) as usize
    }
}

/// The bits of a block that an id sets.
fn bits(hash: u64) -> [usize; 4] {
    [0, 9, 18, 27].map(|shift| (hash >> shift) as usize % (8 * size_of::<Block>()))
}

/// A hash of all bits of a trace id; `None` if it is none.
fn hash(id: &[u8]) -> Option<u64> {
    let (halves, []) = id.as_chunks() else { return None };
    let [first, second] = halves else { return None };
    let (first, second) = (u64::from_le_bytes(*first), u64::from_le_bytes(*second));
    // Ids are to be random, and those of tests and of some senders are counted up: every bit is to count.
    let mut hash = first ^ second.rotate_left(32);
    for factor in [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93] {
        hash = hash.wrapping_mul(factor);
        hash ^= hash >> 32;
    }
    Some(hash)
}
