//! An OTLP receiver: gRPC and HTTP on one port, into rings.
