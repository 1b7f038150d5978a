//! The limits on what a single record may demand.

/// `AnyValue`s nested in more lists (`ArrayValue` or `KeyValueList`) than this are refused, in both
/// encodings. It is the only recursion in OTLP, so it bounds every stack.
pub const MAX_VALUE_DEPTH: usize = 64;

/// Why such values are refused.
pub(crate) const VALUES_TOO_DEEP: &str = "values nested in more than 64 lists";

/// JSON values nested deeper than this are refused, wherever they stand. A `kvlistValue` costs four
/// levels per nesting.
pub const MAX_JSON_DEPTH: usize = 8 * MAX_VALUE_DEPTH;

/// Bytes of one segment at most: offsets inside a segment are 32 bits wide.
pub const MAX_SEGMENT_BYTES: usize = 1 << 31;
