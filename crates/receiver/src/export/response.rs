//! The messages `Export*ServiceResponse`.

use duckspan_otlp::Signal;
use duckspan_otlp::wire::{put_len, put_tag, put_varint};

use super::Accepted;
use crate::encoding::Encoding;
use crate::status::json_string;

impl Accepted {
    /// The response to a client: `partial_success` is set only if there is something to say.
    pub(crate) fn response(&self, signal: Signal, encoding: Encoding) -> Vec<u8> {
        let message = self.message.as_deref().unwrap_or("");
        let partial = self.rejected > 0 || !message.is_empty();
        match encoding {
            Encoding::Protobuf if partial => protobuf(self.rejected, message),
            Encoding::Protobuf => Vec::new(),
            Encoding::Json if partial => json(signal, self.rejected, message),
            Encoding::Json => b"{}".to_vec(),
        }
    }
}

fn protobuf(rejected: u64, message: &str) -> Vec<u8> {
    let mut partial = Vec::new();
    if rejected > 0 {
        put_tag(&mut partial, 1, 0);
        put_varint(&mut partial, rejected);
    }
    put_len(&mut partial, 2, message.as_bytes());
    let mut response = Vec::new();
    put_len(&mut response, 1, &partial);
    response
}

fn json(signal: Signal, rejected: u64, message: &str) -> Vec<u8> {
    let name = match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Metrics => "rejectedDataPoints",
        Signal::Logs => "rejectedLogRecords",
    };
    let message = json_string(message);
    format!("{{\"partialSuccess\":{{\"{name}\":\"{rejected}\",\"errorMessage\":{message}}}}}")
        .into_bytes()
}
