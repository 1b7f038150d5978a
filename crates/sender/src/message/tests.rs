use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;

use super::*;

fn response(rejected: i64, message: &str) -> Vec<u8> {
    let partial_success =
        Some(ExportTracePartialSuccess { rejected_spans: rejected, error_message: message.into() });
    ExportTraceServiceResponse { partial_success }.encode_to_vec()
}

#[test]
fn partial_success() {
    for (rejected, read) in [(0, 0), (3, 3), (i64::MAX, i64::MAX as u64), (-1, 0)] {
        let wanted = Partial { rejected: read, message: "why".to_owned() };
        assert_eq!(partial(&response(rejected, "why")), wanted);
    }
    assert_eq!(partial(b""), Partial::default());
    let whole = response(3, "why");
    for len in 0..whole.len() {
        assert_eq!(partial(&whole[..len]), Partial::default());
    }
}

#[test]
fn statuses() {
    #[derive(prost::Message)]
    struct Pair {
        #[prost(int64, tag = "1")]
        seconds: i64,
        #[prost(int32, tag = "2")]
        nanos: i32,
    }
    #[derive(prost::Message)]
    struct RetryInfo {
        #[prost(message, optional, tag = "1")]
        delay: Option<Pair>,
    }
    #[derive(Clone, prost::Message)]
    struct Any {
        #[prost(string, tag = "1")]
        type_url: String,
        #[prost(bytes, tag = "2")]
        value: Vec<u8>,
    }
    #[derive(prost::Message)]
    struct Whole {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(string, tag = "2")]
        message: String,
        #[prost(message, repeated, tag = "3")]
        details: Vec<Any>,
    }
    let other = Any { type_url: "type.googleapis.com/google.rpc.Help".into(), value: vec![8, 1] };
    for (seconds, nanos, wanted) in [
        (2, 500_000_000, Duration::from_millis(2500)),
        (0, 0, Duration::ZERO),
        (-1, 0, Duration::ZERO),
    ] {
        let info = RetryInfo { delay: Some(Pair { seconds, nanos }) }.encode_to_vec();
        let type_url = "type.googleapis.com/google.rpc.RetryInfo".into();
        let details = vec![other.clone(), Any { type_url, value: info }];
        let whole = Whole { code: 8, message: "full".into(), details };
        let read = status(&whole.encode_to_vec());
        assert_eq!(read, Status { message: "full".into(), retry: Some(wanted) });
    }
    let whole = Whole { code: 8, message: "full".into(), details: vec![other] };
    assert_eq!(status(&whole.encode_to_vec()).retry, None);
    assert_eq!(status(b"\xff"), Status::default());
}
