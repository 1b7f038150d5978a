//! What must hold of any input. The fuzz targets and tests ask these.

pub mod framing;
pub mod json;
pub mod pipeline;
pub mod protobuf;
