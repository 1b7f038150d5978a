//! What C++ calls for the viewer of a database.

use std::ffi::c_void;
use std::sync::Arc;

use super::Str;
use crate::boundary::{CFault, Text, contain_drop, guard};
use crate::sql::Database;
use crate::viewer::{ViewerOptions, Viewers};

/// The viewer of a database, while there is one: one per load, shared by its functions.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_viewers_new(fault: &mut CFault) -> *const Viewers {
    guard(fault, || Ok(Arc::into_raw(Arc::default())))
}

/// Gives up a share of it; the last one stops it.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_viewers_free(viewers: *const Viewers) {
    // SAFETY: made by `duckspan_viewers_new`, freed once.
    contain_drop(unsafe { Arc::from_raw(viewers) });
}

/// Options at their defaults.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_viewer_options_new(fault: &mut CFault) -> *mut ViewerOptions {
    guard(fault, || Ok(Box::into_raw(Box::default())))
}

/// Frees options.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_viewer_options_free(options: *mut ViewerOptions) {
    // SAFETY: made by `duckspan_viewer_options_new`, freed once.
    contain_drop(unsafe { Box::from_raw(options) });
}

/// Sets an option.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_viewer_options_set(
    options: &mut ViewerOptions,
    name: Str,
    value: Str,
    fault: &mut CFault,
) {
    guard(fault, || options.set(&name.get(), &value.get()));
}

/// Starts a viewer, unless the one that runs is what is asked for; returns a URL that opens it. `receivers` are the names
/// of those that are attached; `database` is a weak pointer to the database that Rust takes over.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_viewer_open(
    viewers: &Viewers,
    options: &ViewerOptions,
    receivers: *const Str,
    count: usize,
    database: *mut c_void,
    fault: &mut CFault,
) -> Text {
    guard(fault, || {
        let database = Database::new(database);
        viewers.open(options, &Str::list(receivers, count), database).map(Text::new)
    })
}

/// Stops the viewer; says whether there was one.
#[unsafe(no_mangle)]
pub extern "C" fn duckspan_viewer_stop(viewers: &Viewers, fault: &mut CFault) -> bool {
    guard(fault, || Ok(viewers.stop()))
}
