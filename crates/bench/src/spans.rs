//! Spans: traces of HTTP servers, clients, databases and internal work, about 530 bytes of protobuf
//! each with their share of the resource.

use crate::fleet::{self, CUSTOMERS, Service};
use crate::rng::Rng;
use crate::writer::Value::{Bool, Double, Int, Text, Texts};
use crate::writer::{Value, Writer, attributes};

/// What a span does; the discriminant is `SpanKind`, but databases are called by clients too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Internal,
    Server,
    Client,
    Database,
}

/// A span before it is written.
#[derive(Debug, Clone, Copy)]
struct Plan {
    trace: [u8; 16],
    id: u64,
    /// 0 for a root.
    parent: u64,
    remote: bool,
    work: Work,
    instance: u64,
    start: u64,
    duration: u64,
    failed: bool,
}

const METHODS: &[&str] = &["GET", "GET", "GET", "POST", "PUT", "DELETE"];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) \
     Chrome/139.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like \
     Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "okhttp/4.12.0",
];
const VERBS: &[&str] = &["SELECT", "SELECT", "INSERT", "UPDATE"];
const MAX_SPANS_OF_TRACE: u64 = 14;

/// Writes a `TracesData` of `rows` spans that started after `time`.
pub fn request<W: Writer>(w: &mut W, rng: &mut Rng, rows: usize, time: u64) {
    let instances = [(); 4].map(|()| fleet::instance(rng));
    let mut plans = Vec::with_capacity(rows);
    while plans.len() < rows {
        let len = (rows - plans.len()).min(rng.between(3, MAX_SPANS_OF_TRACE) as usize);
        trace(rng, &mut plans, len, &instances, time);
    }
    // As a Collector has them: what belongs to one resource and scope stands together, whatever traces it is of.
    plans.sort_by_key(|plan| (plan.instance, scope_of(plan.work)));
    w.list(1, "resourceSpans", |w| {
        for of_instance in plans.chunk_by(|a, b| a.instance == b.instance) {
            w.item(1, |w| resource_spans(w, rng, of_instance));
        }
    });
}

fn resource_spans<W: Writer>(w: &mut W, rng: &mut Rng, plans: &[Plan]) {
    fleet::resource(w, plans[0].instance);
    w.list(2, "scopeSpans", |w| {
        for of_scope in plans.chunk_by(|a, b| scope_of(a.work) == scope_of(b.work)) {
            w.item(2, |w| {
                let (name, version) = scope_of(of_scope[0].work);
                fleet::scope(w, name, version);
                w.list(2, "spans", |w| {
                    of_scope.iter().for_each(|plan| w.item(2, |w| span(w, rng, plan)));
                });
            });
        }
    });
    w.string(3, "schemaUrl", "https://opentelemetry.io/schemas/1.38.0");
}

fn scope_of(work: Work) -> (&'static str, &'static str) {
    match work {
        Work::Internal => ("shop.application", "3.1.4"),
        Work::Server => ("opentelemetry.instrumentation.http", "0.62.1"),
        Work::Client => ("opentelemetry.instrumentation.http.client", "0.62.1"),
        Work::Database => ("opentelemetry.instrumentation.sql", "0.58.0"),
    }
}

/// Adds a trace of `len` spans: a tree that starts at a server.
fn trace(rng: &mut Rng, plans: &mut Vec<Plan>, len: usize, instances: &[u64], time: u64) {
    let first = plans.len();
    let mut id = [0; 16];
    id[..8].copy_from_slice(&rng.id().to_be_bytes());
    id[8..].copy_from_slice(&rng.id().to_be_bytes());
    let remote = rng.chance(25);
    plans.push(Plan {
        trace: id,
        id: rng.id(),
        parent: if remote { rng.id() } else { 0 },
        remote,
        work: Work::Server,
        instance: rng.pick(instances),
        start: time + rng.below(100_000_000),
        duration: rng.between(5_000_000, 900_000_000),
        failed: rng.chance(4),
    });
    for at in 1..len {
        // One of the last three, so that traces are deep rather than wide.
        let mut parent = first + at - 1 - rng.below(at.min(3) as u64) as usize;
        // A database calls nobody. The first span is a server's, so this ends.
        while plans[parent].work == Work::Database {
            parent -= 1;
        }
        plans.push(child(rng, plans[parent], instances));
    }
}

fn child(rng: &mut Rng, parent: Plan, instances: &[u64]) -> Plan {
    let work = match parent.work {
        Work::Client => Work::Server,
        _ if rng.chance(35) => Work::Internal,
        _ if rng.chance(45) => Work::Database,
        _ => Work::Client,
    };
    let remote = work == Work::Server;
    // Within its parent, as clocks that agree have it.
    let lead = rng.below(parent.duration / 2 + 1);
    Plan {
        id: rng.id(),
        parent: parent.id,
        remote,
        work,
        instance: if remote { rng.pick(instances) } else { parent.instance },
        start: parent.start + lead,
        duration: rng.below(parent.duration - lead + 1),
        failed: rng.chance(if parent.failed { 50 } else { 2 }),
        ..parent
    }
}

fn span<W: Writer>(w: &mut W, rng: &mut Rng, plan: &Plan) {
    let service = fleet::service_of(plan.instance);
    let parent = plan.parent.to_be_bytes();
    w.id(1, "traceId", &plan.trace);
    w.id(2, "spanId", &plan.id.to_be_bytes());
    // One trace in twenty has a state, all of its spans alike.
    if plan.trace[0] < 12 {
        w.string(3, "traceState", "shop=00f067aa0ba902b7");
    }
    w.id(4, "parentSpanId", if plan.parent == 0 { &[] } else { &parent });
    // Before the fields that follow it by number, as the Collector writes spans.
    w.fixed32(16, "flags", if plan.remote { 0x301 } else { 0x101 });
    match plan.work {
        Work::Internal => internal(w, rng, plan, service),
        Work::Server => server(w, rng, plan, service),
        Work::Client => client(w, rng, plan),
        Work::Database => database(w, rng, plan, service),
    }
    event(w, rng, plan, service);
    if rng.chance(2) {
        link(w, rng);
    }
    status(w, plan);
}

fn head<W: Writer>(w: &mut W, plan: &Plan, name: &str, kind: u32) {
    w.string(5, "name", name);
    w.uint32(6, "kind", kind);
    w.fixed64(7, "startTimeUnixNano", plan.start);
    w.fixed64(8, "endTimeUnixNano", plan.start + plan.duration);
}

fn status_code(rng: &mut Rng, failed: bool) -> Value<'static> {
    Int(if failed { rng.pick(&[500, 502, 503, 504]) } else { rng.pick(&[200, 200, 201, 204]) })
}

/// The route with a product number in it.
fn path(rng: &mut Rng, service: &Service) -> String {
    service.route.replace("{id}", &format!("{:06X}", rng.below(1 << 24)))
}

fn server<W: Writer>(w: &mut W, rng: &mut Rng, plan: &Plan, service: &Service) {
    let method = rng.pick(METHODS);
    head(w, plan, &format!("{method} {}", service.route), 2);
    let (path, client) = (path(rng, service), fleet::address(rng));
    let id = fleet::uuid(rng.bits(), rng.bits());
    let query = format!("currency=EUR&page={}", rng.below(40));
    let all = [
        ("http.request.method", Text(method)),
        ("http.request.header.x-request-id", Texts(&[&id])),
        ("url.path", Text(&path)),
        ("http.route", Text(service.route)),
        ("http.response.status_code", status_code(rng, plan.failed)),
        ("server.address", Text(service.name)),
        ("server.port", Int(8443)),
        ("client.address", Text(&client)),
        ("user_agent.original", Text(rng.pick(AGENTS))),
        ("network.protocol.version", Text(rng.pick(&["1.1", "2"]))),
        ("url.query", Text(&query)),
    ];
    attributes(w, 9, "attributes", &all[..10 + rng.below(2) as usize]);
}

fn client<W: Writer>(w: &mut W, rng: &mut Rng, plan: &Plan) {
    let peer = fleet::service_of(fleet::instance(rng));
    let method = rng.pick(METHODS);
    head(w, plan, method, 3);
    let host = format!("{}.shop.svc.cluster.local", peer.name);
    let (path, page) = (path(rng, peer), rng.below(40));
    let url = format!("https://{host}:8443{path}?currency=EUR&page={page}");
    let address = fleet::address(rng);
    let all = [
        ("http.request.method", Text(method)),
        ("url.full", Text(&url)),
        ("server.address", Text(&host)),
        ("server.port", Int(8443)),
        ("http.response.status_code", status_code(rng, plan.failed)),
        ("network.protocol.version", Text("2")),
        ("network.peer.address", Text(&address)),
        ("network.peer.port", Int(8443)),
        ("http.request.body.size", Int(rng.below(64 << 10) as i64)),
        ("shop.circuit_breaker.open", Bool(plan.failed)),
        ("http.request.resend_count", Int(rng.between(1, 3) as i64)),
    ];
    attributes(w, 9, "attributes", &all[..10 + usize::from(plan.failed)]);
}

fn database<W: Writer>(w: &mut W, rng: &mut Rng, plan: &Plan, service: &Service) {
    let verb = rng.pick(VERBS);
    head(w, plan, &format!("{verb} {}", service.table), 3);
    let text = match verb {
        "SELECT" => format!(
            "SELECT id, state, owner, updated_at FROM \"{}\" WHERE owner = $1 ORDER BY id LIMIT 20",
            service.table
        ),
        "INSERT" => format!(
            "INSERT INTO \"{}\" (id, state, owner, updated_at) VALUES ($1, $2, $3, now())",
            service.table
        ),
        _ => format!(
            "UPDATE \"{}\" SET state = $2, updated_at = now() WHERE id = $1 RETURNING state",
            service.table
        ),
    };
    let owner = fleet::uuid(rng.bits(), rng.bits());
    let all = [
        ("db.system.name", Text("postgresql")),
        ("db.namespace", Text("shop")),
        ("db.collection.name", Text(service.table)),
        ("db.operation.name", Text(verb)),
        ("db.query.text", Text(&text)),
        ("db.response.returned_rows", Int(rng.below(20) as i64)),
        ("db.query.parameter.0", Text(&owner)),
        ("server.address", Text("postgres.shop.svc")),
        ("shop.db.pool.wait_ms", Double(rng.measure(50.0, 3))),
        ("shop.db.prepared", Bool(rng.chance(80))),
    ];
    attributes(w, 9, "attributes", &all);
}

fn internal<W: Writer>(w: &mut W, rng: &mut Rng, plan: &Plan, service: &Service) {
    head(w, plan, service.function, 1);
    let order = fleet::uuid(rng.bits(), rng.bits());
    let file = format!("/app/services/{}/src/{}.{}", service.name, service.table, service.language);
    let all = [
        ("code.function.name", Text(service.function)),
        ("code.file.path", Text(&file)),
        ("code.line.number", Int(rng.between(10, 900) as i64)),
        ("thread.id", Int(rng.between(1, 64) as i64)),
        ("thread.name", Text("request-executor")),
        ("enduser.id", Text(rng.pick(CUSTOMERS))),
        ("shop.order.id", Text(&order)),
        ("shop.order.total", Double(rng.measure(900.0, 2))),
        ("shop.order.items", Int(rng.between(1, 12) as i64)),
        ("shop.cache.hit", Bool(rng.chance(70))),
        ("shop.order.tags", Texts(&["gift", "express"])),
    ];
    attributes(w, 9, "attributes", &all[..10 + rng.below(2) as usize]);
}

/// Writes an event in about 20 % of all spans: the exception of a failed one, or else a message.
fn event<W: Writer>(w: &mut W, rng: &mut Rng, plan: &Plan, service: &Service) {
    let time = plan.start + rng.below(plan.duration + 1);
    if plan.failed {
        let stack = format!(
            "Error: upstream said \"no\"\n\tat {} ({}:{})\n\tat dispatch (server:88)",
            service.function,
            service.name,
            rng.between(10, 900)
        );
        let all = [
            ("exception.type", Text("UpstreamError")),
            ("exception.message", Text("upstream said \"no\"")),
            ("exception.stacktrace", Text(&stack)),
        ];
        one_event(w, time, "exception", &all);
    } else if rng.chance(16) {
        let id = Int(rng.between(1, 9) as i64);
        let all = [("rpc.message.type", Text("SENT")), ("rpc.message.id", id)];
        one_event(w, time, "message", &all);
    }
}

fn one_event<W: Writer>(w: &mut W, time: u64, name: &str, values: &[(&str, Value<'_>)]) {
    w.list(11, "events", |w| {
        w.item(11, |w| {
            w.fixed64(1, "timeUnixNano", time);
            w.string(2, "name", name);
            attributes(w, 3, "attributes", values);
        });
    });
}

fn link<W: Writer>(w: &mut W, rng: &mut Rng) {
    let (high, low, span) = (rng.id(), rng.id(), rng.id());
    w.list(13, "links", |w| {
        w.item(13, |w| {
            w.id(1, "traceId", &[high.to_be_bytes(), low.to_be_bytes()].concat());
            w.id(2, "spanId", &span.to_be_bytes());
            attributes(w, 4, "attributes", &[("messaging.batch", Bool(true))]);
        });
    });
}

fn status<W: Writer>(w: &mut W, plan: &Plan) {
    w.message(15, "status", |w| {
        if plan.failed {
            w.string(2, "message", "upstream said \"no\"");
            w.uint32(3, "code", 2);
        } else if plan.work == Work::Internal {
            w.uint32(3, "code", 1);
        }
    });
}
