//! OTLP/HTTP as its clients use it.

use std::io::{Read as _, Write as _};

use duckspan_otlp::Signal;
use duckspan_receiver::{HttpPort, Reason, Token};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::NumberDataPoint;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde::Serialize;

use crate::data::{self, gzip, log, point, spans, zstd};
use crate::server::{Server, block_on};
use crate::wire::{
    Answer, connect, connect_h2, framed, post, post_json, post_protobuf, read_answer, send,
};

/// A request in both encodings, with the success of each.
fn both(
    message: &(impl prost::Message + Serialize),
) -> [(&'static str, Vec<u8>, &'static [u8]); 2] {
    let json = serde_json::to_vec(message).expect("JSON");
    [("application/x-protobuf", message.encode_to_vec(), b""), ("application/json", json, b"{}")]
}

/// A1, A5, A10, H1 to H4, H10: every signal, in both encodings, compressed or not, whatever the case of the
/// type and its parameters. What is stored is what was sent, as often as it was sent.
#[test]
fn every_signal_is_received() {
    type Compress = fn(&[u8]) -> Vec<u8>;
    let compressions: [(&str, Compress); 5] = [
        ("", |bytes| bytes.to_vec()),
        ("identity", |bytes| bytes.to_vec()),
        ("gzip", gzip),
        ("GZIP", gzip),
        ("zstd", zstd),
    ];
    for (compression, compress) in compressions {
        let server = Server::start();
        let requests = [
            ("/v1/traces", both(&data::traces(3))),
            ("/v1/metrics", both(&data::metrics(2))),
            ("/v1/logs", both(&data::logs(1))),
        ];
        for (path, encodings) in &requests {
            for (media_type, body, success) in encodings {
                for content_type in [
                    (*media_type).to_owned(),
                    format!("{media_type}; charset=utf-8"),
                    media_type.to_uppercase(),
                ] {
                    let mut headers = vec![("content-type", content_type.as_str())];
                    if !compression.is_empty() {
                        headers.push(("content-encoding", compression));
                    }
                    let answer = post(&server, path, &headers, &compress(body));
                    assert_eq!(
                        answer.status, 200,
                        "{path} {content_type} {compression} {answer:?}"
                    );
                    assert_eq!(answer.header("content-type"), *media_type);
                    assert_eq!(answer.body, *success);
                }
            }
        }
        let six = |rows: Vec<Span>| std::iter::repeat_n(rows, 6).flatten().collect::<Vec<_>>();
        assert_eq!(server.messages::<Span>(Signal::Traces), six(spans(3)), "{compression}");
        let points = server.messages::<NumberDataPoint>(Signal::Metrics);
        assert_eq!((&points[..2], points.len()), (&[point(0), point(1)][..], 12));
        let logs = server.messages::<LogRecord>(Signal::Logs);
        assert_eq!((&logs[0], logs.len()), (&log(0), 6));
        server.wait_idle();
    }
}

/// H1: OTLP/HTTP over HTTP/2 too.
#[test]
fn http2_is_served() {
    let server = Server::start();
    block_on(async {
        let mut sender = connect_h2(server.address()).await;
        let request = hyper::Request::post("http://test/v1/traces")
            .header("content-type", "application/x-protobuf")
            .body(())
            .expect("a request");
        let (response, mut stream) = sender.send_request(request, false).expect("a stream");
        crate::wire::send_all(&mut stream, &data::traces(5).encode_to_vec()).await;
        assert_eq!(response.await.expect("a response").status(), 200);
    });
    assert_eq!(server.rows(), [5, 0, 0]);
}

/// H1: many requests on one connection, also when they are sent before the answers are read.
#[test]
fn connections_are_kept() {
    let server = Server::start();
    let body = data::traces(1).encode_to_vec();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let request = [head.as_bytes(), &body].concat();
    let mut stream = connect(server.address());
    stream.write_all(&request.repeat(20)).expect("sent");
    let mut received = Vec::new();
    while received.windows(8).filter(|window| window == b"HTTP/1.1").count() < 20
        || !received.ends_with(b"\r\n\r\n")
    {
        let mut chunk = [0; 4096];
        let len = stream.read(&mut chunk).expect("answers");
        assert_ne!(len, 0, "closed early");
        received.extend_from_slice(&chunk[..len]);
    }
    assert_eq!(server.rows(), [20, 0, 0]);
    assert_eq!(server.counters().connections_accepted, 1);
}

/// H1: bodies in chunks, whose length nobody knows beforehand; the connection is kept.
#[test]
fn chunked_bodies_are_read() {
    let server = Server::start();
    let body = data::traces(100).encode_to_vec();
    let mut stream = connect(server.address());
    let head = "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/x-protobuf\r\ntransfer-encoding: chunked\r\n\r\n";
    for end in ["0\r\n\r\n", "0;last\r\ntrailer: x\r\n\r\n"] {
        stream.write_all(head.as_bytes()).expect("sent");
        for chunk in body.chunks(777) {
            stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).expect("sent");
            stream.write_all(&[chunk, b"\r\n"].concat()).expect("sent");
        }
        stream.write_all(end.as_bytes()).expect("sent");
        let answer = read_answer(&mut stream);
        assert_eq!((answer.status, answer.header("connection")), (200, ""));
    }
    assert_eq!(server.messages::<Span>(Signal::Traces), [spans(100), spans(100)].concat());

    stream.write_all(head.as_bytes()).expect("sent");
    stream.write_all(b"not a chunk\r\n").expect("sent");
    assert_eq!(read_answer(&mut stream).status, 400);
    assert_eq!(server.counters().rejected(Reason::Malformed), 1);
}

/// H1: other ways to write a request.
#[test]
fn requests_may_be_written_in_other_ways() {
    let server = Server::start();
    let body = data::traces(1).encode_to_vec();
    let sized =
        format!("content-type: application/x-protobuf\r\ncontent-length: {}\r\n", body.len());
    let heads = [
        format!("POST /v1/traces HTTP/1.0\r\n{sized}\r\n"),
        format!("POST /v1/traces HTTP/1.1\r\n{}HOST:\ttest\r\n\r\n", sized.to_uppercase()),
        format!("POST /v1/traces?a=b HTTP/1.1\r\nhost: test\r\n{sized}\r\n"),
        format!("POST http://test/v1/traces HTTP/1.1\r\nhost: test\r\n{sized}\r\n"),
    ];
    for head in &heads {
        let mut stream = connect(server.address());
        stream.write_all(&[head.as_bytes(), &body].concat()).expect("sent");
        assert_eq!(read_answer(&mut stream).status, 200, "{head}");
    }
    assert_eq!(server.rows(), [heads.len() as u64, 0, 0]);
}

/// H10: encodings come as a list, over one header or several, in which `identity` says nothing.
#[test]
fn encodings_are_a_list() {
    let server = Server::start();
    let body = gzip(&data::traces(1).encode_to_vec());
    let media_type = ("content-type", "application/x-protobuf");
    let identity = ("content-encoding", "identity");
    for list in ["identity, gzip", "GZIP ,", ",x-gzip", "gzip,identity"] {
        let headers = [media_type, identity, ("content-encoding", list)];
        assert_eq!(post(&server, "/v1/traces", &headers, &body).status, 200, "{list}");
    }
    for list in ["gzip, zstd", "identity, br", "gzip;q=1"] {
        let answer = post(&server, "/v1/traces", &[media_type, ("content-encoding", list)], &body);
        assert_eq!(answer.status, 415, "{list}");
    }
    assert_eq!(server.rows(), [4, 0, 0]);
}

/// H5, H11: a refusal ends a connection only if the body of its request is still to come.
#[test]
fn connections_outlive_refusals() {
    let server = Server::start();
    let json = "host: test\r\ncontent-type: application/json\r\n";
    let requests = [
        format!("POST /v1/traces HTTP/1.1\r\n{json}content-length: 1\r\n\r\n{{"),
        format!("HEAD /v1/traces HTTP/1.1\r\n{json}\r\n"),
        format!("POST /nowhere HTTP/1.1\r\n{json}content-length: 0\r\n\r\n"),
        format!("POST /v1/traces HTTP/1.1\r\n{json}content-length: 2\r\n\r\n{{}}"),
        format!("POST /nowhere HTTP/1.1\r\n{json}content-length: 2\r\n\r\n"),
    ];
    let mut stream = connect(server.address());
    stream.write_all(requests.concat().as_bytes()).expect("sent");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).expect("the end of the connection");
    let statuses: Vec<&str> = answers
        .match_indices("HTTP/1.1 ")
        .map(|(at, version)| &answers[at + version.len()..][..3])
        .collect();
    assert_eq!(statuses, ["400", "405", "404", "200", "404"], "{answers}");
    assert!(answers.contains("\r\n\r\nHTTP/1.1 404"), "HEAD has no body: {answers}");
    assert_eq!(answers.matches("connection: close").count(), 1, "{answers}");
}

/// H1, H7: a client that asks before it sends is answered before it sends.
#[test]
fn expectations_are_met() {
    let server = Server::start();
    let mut stream = connect(server.address());
    let head = |path, len: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-type: application/x-protobuf\r\ncontent-length: {len}\r\n\r\n"
        )
    };
    let body = data::traces(1).encode_to_vec();
    stream.write_all(head("/v1/traces", body.len()).as_bytes()).expect("sent");
    assert_eq!(read_answer(&mut stream).status, 100);
    stream.write_all(&body).expect("sent");
    assert_eq!(read_answer(&mut stream).status, 200);
    let mut stream = connect(server.address());
    stream.write_all(head("/v1/traces", 1 << 30).as_bytes()).expect("sent");
    assert_eq!(read_answer(&mut stream).status, 413);
}

fn check_status(answer: &Answer, status: u16, message: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json", "{answer:?}");
    let text = answer.json()["message"].as_str().expect("a message").to_owned();
    assert!(text.contains(message), "{answer:?}");
}

/// H5, H11, rows 41, 42, 44: paths, methods, types and compressions that are not there.
#[test]
fn what_is_not_there_is_named() {
    let server = Server::start();
    let json = ("content-type", "application/json");
    for path in ["/", "/v1/trace", "/v1/traces/", "/V1/traces", "/v1/TRACES", "/v1", "/v2/traces"] {
        let answer = post(&server, path, &[json], b"{}");
        check_status(
            &answer,
            404,
            &format!("nothing is at {path}: OTLP is received at /v1/traces"),
        );
    }
    let answer = post(&server, "/v1development/profiles", &[json], b"{}");
    check_status(&answer, 404, "profiles are not received");
    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let answer = send(&server, method, "/v1/traces", &[json], b"");
        check_status(&answer, 405, "POST");
        assert_eq!(answer.header("allow"), "POST, OPTIONS");
    }
    for media_type in ["text/plain", "application/grpc-web", "application/jsonx", ""] {
        let answer = post(&server, "/v1/traces", &[("content-type", media_type)], b"{}");
        check_status(&answer, 415, media_type);
    }
    check_status(&post(&server, "/v1/traces", &[], b"{}"), 415, "application/json");
    let grpc = [("content-type", "application/grpc")];
    let answer = post(&server, crate::wire::TRACE_EXPORT, &grpc, &framed(0, &[]));
    assert_eq!((answer.status, answer.header("grpc-status")), (200, "12"));
    for compression in ["snappy", "deflate", "gzip, gzip", "br"] {
        let answer = post(&server, "/v1/logs", &[json, ("content-encoding", compression)], b"{}");
        check_status(&answer, 415, compression);
        assert_eq!(answer.header("accept-encoding"), "gzip, zstd");
    }
    assert_eq!(server.rows(), [0; 3]);
}

/// `google.rpc.Status`, but for its details.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// H2, H5: every refusal is a `google.rpc.Status` in the encoding of its request, however that spells its
/// type.
#[test]
fn refusals_have_the_encoding_of_the_request() {
    type Case<'a> = (u16, i32, &'a str, &'a str, &'a [(&'a str, &'a str)], &'a [u8]);
    let server = Server::configured(|config| {
        config.token = Token::new("s3cret");
        config.limits.max_request_size = 1000;
    });
    let token = ("authorization", "Bearer s3cret");
    let too_large = [b' '; 1001];
    let cases: [Case<'_>; 6] = [
        (400, 3, "POST", "/v1/logs", &[token], b"\xff"),
        (401, 16, "POST", "/v1/logs", &[], b""),
        (404, 12, "POST", "/v1/log", &[token], b""),
        (405, 12, "GET", "/v1/logs", &[token], b""),
        (413, 8, "POST", "/v1/logs", &[token], &too_large),
        (415, 12, "POST", "/v1/logs", &[token, ("content-encoding", "br")], b""),
    ];
    let types = [
        ("application/json", "Application/JSON; charset=utf-8"),
        ("application/x-protobuf", "APPLICATION/X-PROTOBUF;q=1"),
    ];
    for (status, code, method, path, headers, body) in cases {
        for (media_type, spelling) in types {
            let headers = [headers, &[("content-type", spelling)]].concat();
            let answer = send(&server, method, path, &headers, body);
            assert_eq!((answer.status, answer.header("content-type")), (status, media_type));
            let found = match media_type {
                "application/json" => Status {
                    code: answer.json()["code"].as_i64().expect("a code") as i32,
                    message: answer.json()["message"].as_str().expect("a message").to_owned(),
                },
                _ => Status::decode(&*answer.body).expect("a status"),
            };
            assert_eq!(found.code, code, "{found:?}");
            assert!(!found.message.is_empty(), "{status}");
        }
    }
}

/// A3, H10: whatever an answer is about, it is short; so it is never compressed.
#[test]
fn answers_are_short() {
    let server = Server::start();
    let long = "é\"%".repeat(1_000);
    let json = serde_json::json!({ long.clone(): [] }).to_string();
    let json_headers = [("content-type", "application/json"), ("accept-encoding", "gzip")];
    let path = format!("/{}", "x%22".repeat(1_000));
    let answers = [
        post(&server, "/v1/traces", &json_headers, json.as_bytes()),
        post(&server, &path, &json_headers, b"{}"),
        post(&server, "/v1/traces", &[("content-type", &long)], b"{}"),
        post(&server, "/v1/traces", &[json_headers[0], ("content-encoding", &long)], b"{}"),
    ];
    for (answer, status) in answers.iter().zip([200, 404, 415, 415]) {
        assert_eq!((answer.status, answer.header("content-encoding")), (status, ""));
        assert!((30..5_000).contains(&answer.body.len()), "{} bytes", answer.body.len());
        assert!(answer.json().is_object());
    }
    let outcome = crate::wire::call(&server, &path, &[], &framed(0, &[]));
    assert_eq!((outcome.status.as_str(), outcome.data.as_slice()), ("12", &b""[..]));
    assert!((1_000..5_000).contains(&outcome.message.len()), "{}", outcome.message.len());
}

/// A6, H4, row 33: a partial success is a 200, in the encoding of the request.
#[test]
fn partial_success_says_what_was_rejected() {
    let server = Server::start();
    for (media_type, body, _) in both(&data::logs(7)) {
        let answer = post(&server, "/v1/traces", &[("content-type", media_type)], &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        let expected =
            "the request to traces holds log records: send log records to logs (/v1/logs)";
        if media_type == "application/json" {
            let partial = &answer.json()["partialSuccess"];
            assert_eq!(partial["rejectedSpans"], "7");
            assert_eq!(partial["errorMessage"], expected);
        } else {
            let response = ExportTraceServiceResponse::decode(&*answer.body).expect("a response");
            let partial = response.partial_success.expect("a partial success");
            assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (7, expected));
        }
    }
    assert_eq!(server.rows(), [0; 3]);
}

/// H5, H12: tokens over HTTP; a refused client learns so though it sends all of its body first.
#[test]
fn tokens_are_checked() {
    let server = Server::configured(|config| config.token = Token::new("s3cret"));
    let json = ("content-type", "application/json");
    let large = vec![b' '; 8 << 20];
    for value in ["Bearer wrong", "Basic s3cret", "Bearer"] {
        let answer = post(&server, "/v1/traces", &[json, ("authorization", value)], &large);
        check_status(&answer, 401, "");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    check_status(&post(&server, "/nowhere", &[json], b"{}"), 401, "a token is needed");
    let answer = post(&server, "/v1/traces", &[json, ("authorization", "bearer s3cret")], b"{}");
    assert_eq!(answer.status, 200);
    assert_eq!(server.counters().rejected(Reason::Unauthenticated), 4);
    assert_eq!(server.counters().unrouted[Reason::Unauthenticated as usize], 1);
}

/// Web pages of this machine may send; others are not told that they may.
#[test]
fn pages_are_told_whether_they_may_send() {
    let server = Server::configured(|config| {
        config.token = Token::new("s3cret");
        config.cors_origins.push("https://app.example.com".parse().expect("an origin"));
    });
    let preflight = |origin| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        send(&server, "OPTIONS", "/v1/traces", &headers, b"")
    };
    for origin in ["http://localhost:3000", "https://app.example.com"] {
        let answer = preflight(origin);
        assert_eq!(answer.status, 204, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert_eq!(answer.header("access-control-allow-methods"), "POST");
        assert_eq!(answer.header("access-control-allow-headers"), "authorization,content-type");
        assert_eq!(answer.header("vary"), "origin");
        let headers = [
            ("origin", origin),
            ("authorization", "Bearer s3cret"),
            ("content-type", "application/json"),
        ];
        let answer = post(&server, "/v1/traces", &headers, b"{}");
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, origin));
    }
    let answer = preflight("https://evil.example");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (403, ""));
    let sent = [("origin", "https://evil.example"), ("authorization", "Bearer s3cret")];
    let refused = post(&server, "/v1/traces", &sent, b"");
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (403, ""));
    assert_eq!(server.counters().rejected(Reason::Forbidden), 2);
    let refused = post(&server, "/v1/traces", &[("origin", "http://localhost:1")], b"");
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("access-control-allow-origin"), "http://localhost:1");
}

/// A page whose name leads here is of this origin for a browser, and still may not send; nor may whatever names a
/// host of others. SDKs name what they were told to send to.
#[test]
fn names_that_lead_here_are_refused() {
    let server = Server::start();
    let port = server.address().port();
    let json = ("content-type", "application/json");
    let evil = format!("evil.example:{port}");
    let page = format!("http://{evil}");
    for headers in [&[json, ("host", &*evil), ("origin", &*page)][..], &[json, ("host", &*evil)]] {
        let answer = post(&server, "/v1/traces", headers, b"{}");
        assert_eq!(answer.status, 403, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    for host in ["localhost", "127.0.0.1", "[::1]", "host.docker.internal"] {
        let host = format!("{host}:{port}");
        assert_eq!(post(&server, "/v1/traces", &[json, ("host", &host)], b"{}").status, 200);
    }
    assert_eq!(server.counters().rejected(Reason::Forbidden), 2);
}

/// H3: both protocols on each of two ports.
#[test]
fn a_second_port_serves_the_same() {
    let server = Server::configured(|config| config.http_port = Some(HttpPort::Exactly(0)));
    let second = server.receiver.http_address().expect("a second port");
    assert_ne!(second.port(), server.address().port());
    let mut stream = connect(second);
    let request = "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    stream.write_all(request.as_bytes()).expect("sent");
    assert_eq!(read_answer(&mut stream).status, 200);
    let outcome = block_on(async {
        let mut sender = connect_h2(second).await;
        let body = framed(0, &data::traces(1).encode_to_vec());
        crate::wire::call_on(&mut sender, crate::wire::TRACE_EXPORT, &[], &body).await
    });
    assert_eq!(outcome.status, "0");
    assert_eq!(server.rows(), [1, 0, 0]);
}

/// Row 1: empty bodies are empty requests.
#[test]
fn empty_bodies_succeed() {
    let server = Server::start();
    let answer = post_protobuf(&server, "/v1/traces", b"");
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b""[..]));
    let answer = post_json(&server, "/v1/traces", "");
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{}"[..]));
}

/// `localhost` is `[::1]` too, where there is such an address.
#[test]
fn localhost_is_both_addresses() {
    let server = Server::configured(|config| {
        config.address = "localhost:0".parse().expect("an address");
    });
    let port = server.address().port();
    let request = "POST /v1/logs HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let has_ipv6 = std::net::TcpListener::bind("[::1]:0").is_ok();
    let addresses: &[&str] = if has_ipv6 { &["127.0.0.1", "[::1]"] } else { &["127.0.0.1"] };
    for address in addresses {
        let mut stream = connect(format!("{address}:{port}").parse().expect("an address"));
        stream.write_all(request.as_bytes()).expect("sent");
        assert_eq!(read_answer(&mut stream).status, 200, "{address}");
    }
}
