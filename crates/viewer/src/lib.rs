//! A page in the browser over a database of telemetry: it serves the page, and runs the queries that its pictures are.
//!
//! Whoever has the token sees all that the database has, so nobody else may: not the pages of others, which browsers
//! let send to this machine, and not who waits where the page expects its server. What it needs of a database is an
//! [`Engine`].
#![forbid(unsafe_code)]

mod answer;
mod engine;
mod files;
mod gate;
pub mod limits;
mod patient;
mod query;
mod reply;
mod secret;
mod server;
mod service;

pub use engine::{Answer, Column, Engine, Macro, QueryError, Relation, Running, Session, Value};
pub use server::{Config, Port, Viewer};
