//! Which connections are open: as many as fit into the bytes that they may hold together.
//!
//! What a connection reads is not charged before a request takes it, but bounded by its [`Buffers`], and so is
//! what all of them hold. When there is no room for another, the one goes that has gone longest without a
//! request that was taken: idle ones before busy ones, and who never had one taken before all others. So
//! clients that only hold on to connections do not keep others out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use crate::limits::{ACCEPT_PAUSE, Buffers, LARGE_SHARE, ROOM_PATIENCE, TLS_SIZE};
use crate::socket::Activity;

#[cfg(test)]
mod tests;

/// The open connections of a receiver.
pub(crate) struct Room {
    /// A permit for each [`Buffers::UNIT`] that is to be had.
    units: Arc<Semaphore>,
    all_units: u32,
    /// Those of TLS, for each connection.
    tls_units: u32,
    open: Mutex<Vec<Arc<Activity>>>,
}

/// The place of an open connection, until it is dropped.
pub(crate) struct Place {
    pub(crate) activity: Arc<Activity>,
    pub(crate) buffers: Buffers,
    room: Arc<Room>,
    _units: OwnedSemaphorePermit,
}

impl Room {
    /// Room for connections that hold `bytes`; for one, if that is less.
    pub(crate) fn new(bytes: usize, tls: bool) -> Arc<Room> {
        let tls_units = if tls { (TLS_SIZE / Buffers::UNIT) as u32 } else { 0 };
        let least = units(&Buffers::SMALL) + tls_units;
        let all_units = least.max((bytes / Buffers::UNIT) as u32);
        let units = Arc::new(Semaphore::new(all_units as usize));
        Arc::new(Room { units, all_units, tls_units, open: Mutex::default() })
    }

    /// The number of open connections.
    pub(crate) fn open(&self) -> usize {
        self.lock().len()
    }

    /// Waits until no connection is open.
    pub(crate) async fn empty(&self) {
        let _ = self.units.acquire_many(self.all_units).await;
    }

    /// A place for another connection. If there is none, one is asked to go; `None` if none of them can, for a
    /// while.
    pub(crate) async fn enter(self: &Arc<Room>) -> Option<Place> {
        let deadline = Instant::now() + ROOM_PATIENCE;
        loop {
            if let Some(place) = self.try_enter() {
                return Some(place);
            }
            self.make_room();
            if Instant::now() >= deadline {
                return None;
            }
            let small = Arc::clone(&self.units).acquire_many_owned(self.units_of(&Buffers::SMALL));
            if let Ok(Ok(units)) = timeout(ACCEPT_PAUSE, small).await {
                return Some(self.place(Buffers::SMALL, units));
            }
        }
    }

    fn try_enter(self: &Arc<Room>) -> Option<Place> {
        let large = self.units_of(&Buffers::LARGE) as usize;
        let spare = self.all_units as usize / LARGE_SHARE;
        let buffers = match self.units.available_permits() >= large + spare {
            true => Buffers::LARGE,
            false => Buffers::SMALL,
        };
        let units = Arc::clone(&self.units).try_acquire_many_owned(self.units_of(&buffers)).ok()?;
        Some(self.place(buffers, units))
    }

    fn units_of(&self, buffers: &Buffers) -> u32 {
        units(buffers) + self.tls_units
    }

    fn place(self: &Arc<Room>, buffers: Buffers, units: OwnedSemaphorePermit) -> Place {
        let activity = Arc::new(Activity::new());
        self.lock().push(Arc::clone(&activity));
        Place { activity, buffers, room: Arc::clone(self), _units: units }
    }

    /// Asks the connection to go that ranks least, once it has had time to bring something, and if none is going
    /// already.
    fn make_room(&self) {
        let open = self.lock();
        let is_waited_for = open.iter().any(|activity| activity.is_going());
        let least = open.iter().min_by_key(|activity| activity.rank());
        if let Some(activity) = least
            && !is_waited_for
            && activity.is_dispensable(Instant::now())
        {
            activity.ask_to_go();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Activity>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.lock().retain(|activity| !Arc::ptr_eq(activity, &self.activity));
    }
}

fn units(buffers: &Buffers) -> u32 {
    (buffers.bytes / Buffers::UNIT) as u32
}
