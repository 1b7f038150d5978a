//! Columns of relations against an oracle that reads decoded messages, field by field.

#[path = "relation/attributes.rs"]
mod attributes;
#[path = "common/corpus.rs"]
#[allow(dead_code, unreachable_pub)]
mod corpus;
#[path = "relation/counts.rs"]
mod counts;
#[path = "relation/draw.rs"]
mod draw;
#[path = "relation/filtered.rs"]
mod filtered;
#[path = "relation/generated.rs"]
mod generated;
#[path = "relation/members.rs"]
mod members;
#[path = "relation/merged.rs"]
mod merged;
#[path = "relation/oracle.rs"]
mod oracle;
#[path = "relation/projected.rs"]
mod projected;
#[path = "relation/tree.rs"]
mod tree;
#[path = "relation/written.rs"]
mod written;
