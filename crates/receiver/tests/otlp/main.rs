//! What clients of OTLP meet. Each test names the rules it holds the receiver to: A are those of both
//! transports, G of gRPC, H of HTTP, J of JSON; rows are those of the fault matrix.

mod abuse;
mod concurrent;
mod data;
mod faults;
mod grpc;
mod http;
mod json;
mod limits;
mod server;
mod wire;
