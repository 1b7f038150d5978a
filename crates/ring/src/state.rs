//! All rings at one moment, and the making of the next.

use std::sync::Arc;

use duckspan_otlp::Signal;

use crate::part::Body;
use crate::sync::{Counted, Writer};
use crate::view::View;

/// What is published: every ring, by signal.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) views: [Arc<View>; 3],
    /// The number of the next row to arrive, over all signals.
    pub(crate) next_arrival: u64,
}

impl State {
    pub(crate) fn memory(&self) -> u64 {
        self.views.iter().map(|view| view.memory()).sum()
    }

    /// The id of the first row of each signal.
    pub(crate) fn firsts(&self) -> [u64; 3] {
        self.views.each_ref().map(|view| view.first_row_id())
    }
}

/// The next state. Until it is published, nobody sees it, and nothing is freed.
pub(crate) struct Draft {
    pub(crate) state: State,
    /// Parts that the next state no longer has.
    released: Vec<Counted<Body>>,
}

impl Draft {
    pub(crate) fn of(state: &State) -> Draft {
        Draft { state: state.clone(), released: Vec::new() }
    }

    pub(crate) fn publish(self, writer: &mut Writer<'_, State>) {
        writer.publish(self.state);
        // Behind the exchange: before it a reader could take the old state, and count as pinned what is still in the
        // ring.
        self.released.iter().for_each(|body| body.release());
    }

    pub(crate) fn view(&self, signal: Signal) -> &View {
        &self.state.views[signal as usize]
    }

    /// The ring to change, and where to put the parts it lets go of.
    pub(crate) fn change(&mut self, signal: Signal) -> (&mut View, &mut Vec<Counted<Body>>) {
        // Copied the first time that a draft changes it: the other rings stay as they were published.
        (Arc::make_mut(&mut self.state.views[signal as usize]), &mut self.released)
    }

    /// Evicts the rows of a signal that have a smaller id.
    pub(crate) fn evict_before(&mut self, signal: Signal, row_id: u64) {
        let view = self.view(signal);
        if view.rows() > 0 && view.first_row_id() < row_id {
            let (view, released) = self.change(signal);
            view.evict_before(row_id, released);
        }
    }

    /// Evicts the rows of all signals that arrived before.
    pub(crate) fn evict_arrived_before(&mut self, arrival: u64) {
        for signal in Signal::ALL {
            self.evict_before(signal, self.view(signal).first_since(arrival));
        }
    }

    /// Evicts the oldest rows until there is room for `more` bytes within `limit`, or none are left;
    /// says whether there was need to.
    pub(crate) fn make_room(&mut self, more: u64, limit: u64) -> bool {
        let mut evicted = false;
        while self.state.memory().saturating_add(more) > limit {
            let oldest = self.state.views.iter().filter_map(|view| view.oldest());
            // The part that is the first to have arrived as a whole: all that is older, of any signal, goes with it.
            let Some(last) = oldest.map(|body| body.last_arrival()).min() else { break };
            self.evict_arrived_before(last + 1);
            evicted = true;
        }
        evicted
    }
}
