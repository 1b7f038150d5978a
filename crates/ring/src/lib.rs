//! Bounded memory of OTLP segments.
