use super::*;
use prost::Message as _;

#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `RetryInfo` and `google.protobuf.Duration` in one: nanoseconds are never sent.
#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Seconds>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Seconds {
    #[prost(int64, tag = "1")]
    seconds: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<FieldViolation>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FieldViolation {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    description: String,
}

fn decoded(refusal: &Refusal) -> Status {
    Status::decode(&*protobuf(refusal, &Limits::DEFAULT)).expect("a status")
}

/// G3, G4, H5, H6: refusals carry the details that fit them, and only those.
#[test]
fn details_fit_the_reason() {
    for reason in Reason::ALL {
        let status = decoded(&Refusal::new(reason, "why"));
        assert_eq!(status.code, reason.code() as i32, "{reason:?}");
        assert_eq!(status.message, "why");
        let names: Vec<&str> = status
            .details
            .iter()
            .map(|any| any.type_url.rsplit('.').next().unwrap_or(""))
            .collect();
        let expected: &[&str] = match reason {
            Reason::Overload | Reason::Stopping => &["RetryInfo"],
            Reason::Malformed => &["BadRequest"],
            _ => &[],
        };
        assert_eq!(names, expected, "{reason:?}");
    }
}

#[test]
fn details_hold_what_they_should() {
    let overload = decoded(&Refusal::new(Reason::Overload, "busy"));
    let info = RetryInfo::decode(&*overload.details[0].value).expect("a RetryInfo");
    assert_eq!(info.retry_delay, Some(Seconds { seconds: 1 }));
    let malformed = decoded(&Refusal::malformed("at byte 7"));
    let bad = BadRequest::decode(&*malformed.details[0].value).expect("a BadRequest");
    assert_eq!(bad.field_violations[0].field, "body");
    assert_eq!(bad.field_violations[0].description, "at byte 7");
}

#[test]
fn json_says_the_same() {
    let text = |refusal: &Refusal| json(refusal, &Limits::DEFAULT);
    let overload: serde_json::Value =
        serde_json::from_slice(&text(&Refusal::new(Reason::Overload, "busy"))).expect("JSON");
    assert_eq!(overload["code"], 14);
    assert_eq!(overload["message"], "busy");
    assert_eq!(overload["details"][0]["@type"], "type.googleapis.com/google.rpc.RetryInfo");
    assert_eq!(overload["details"][0]["retryDelay"], "1s");
    let message = "\"\\\u{0}\n\u{1f}ü€😀";
    let malformed: serde_json::Value =
        serde_json::from_slice(&text(&Refusal::malformed(message))).expect("JSON");
    assert_eq!(malformed["message"], message);
    assert_eq!(malformed["details"][0]["fieldViolations"][0]["description"], message);
}

/// A3: messages are cut, between characters.
#[test]
fn messages_are_short() {
    let refusal = Refusal::malformed("€".repeat(1000));
    assert!(refusal.message.len() < 1100, "{}", refusal.message.len());
    assert!(refusal.message.ends_with("€…"));
}

/// H6 to H8, H11, H12: what each reason is called. The codes are those that OTLP's table pairs, but for a
/// request that is too large: OTLP says 413 of it, and `RESOURCE_EXHAUSTED`.
#[test]
fn reasons_have_a_name_in_every_protocol() {
    let cases = [
        (Reason::Malformed, "malformed", Code::InvalidArgument, 400),
        (Reason::TooLarge, "too_large", Code::ResourceExhausted, 413),
        (Reason::WrongSignal, "wrong_signal", Code::InvalidArgument, 400),
        (Reason::Unsecured, "unsecured", Code::FailedPrecondition, 400),
        (Reason::Unauthenticated, "unauthenticated", Code::Unauthenticated, 401),
        (Reason::Forbidden, "forbidden", Code::PermissionDenied, 403),
        (Reason::Overload, "overload", Code::Unavailable, 503),
        (Reason::TimedOut, "timed_out", Code::Unavailable, 503),
        (Reason::Cancelled, "cancelled", Code::Cancelled, 503),
        (Reason::Unsupported, "unsupported", Code::Unimplemented, 415),
        (Reason::UnknownPath, "unknown_path", Code::Unimplemented, 404),
        (Reason::Method, "method", Code::Unimplemented, 405),
        (Reason::CompressedUnnamed, "compressed_unnamed", Code::Internal, 400),
        (Reason::Stopping, "stopping", Code::Unavailable, 503),
        (Reason::Fault, "fault", Code::Internal, 500),
    ];
    assert_eq!(cases.map(|(reason, ..)| reason), Reason::ALL);
    for (index, (reason, name, code, http)) in cases.into_iter().enumerate() {
        assert_eq!(reason as usize, index, "{reason:?}");
        assert_eq!((reason.name(), reason.code(), reason.http().as_u16()), (name, code, http));
    }
}

/// H9, G5: only what may pass is called retryable.
#[test]
fn only_passing_faults_are_retryable() {
    for reason in Reason::ALL {
        let passing = matches!(
            reason,
            Reason::Overload | Reason::Stopping | Reason::TimedOut | Reason::Cancelled
        );
        let http = matches!(reason.http().as_u16(), 429 | 502 | 503 | 504);
        let grpc = matches!(reason.code(), Code::Cancelled | Code::Unavailable);
        assert_eq!((http, grpc), (passing, passing), "{reason:?}");
    }
}
