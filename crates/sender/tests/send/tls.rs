//! TLS: whom a sender trusts, what it shows, and what it says when that is not enough.

use std::sync::Arc;

use duckspan_otlp::Signal;
use duckspan_receiver::{Config, Receiver, Tls, TlsFiles};
use duckspan_sender::{Endpoint, Options, Sender};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::receiver::rings;
use crate::sink::{Answer, How, Sink, ok};
use crate::{patient, reason, send};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

/// A certificate for a name, and its key.
struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Identity {
    fn new(
        issuer: &Authority,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        Identity { certificate: params.signed_by(&key, issuer).expect("a certificate"), key }
    }

    fn server(&self, clients: Option<&Authority>) -> ServerConfig {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions");
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.der().clone()).expect("an authority");
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
            }
        };
        let chain: Vec<CertificateDer<'static>> = vec![self.certificate.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let mut config = builder.with_single_cert(chain, key).expect("a certificate");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }
}

fn sink(scheme: &str, tls: ServerConfig) -> Sink {
    let answer = if scheme == "https" { ok() } else { Answer::grpc(b"") };
    Sink::new(&[answer], How { tls: Some(tls), ..How::default() })
}

fn trusting(authority: &Authority) -> Options {
    let mut options = patient();
    options.credentials.set_ca(&authority.pem());
    options
}

#[test]
fn what_is_trusted() {
    let ours = authority("ours");
    let server = Identity::new(&ours, "127.0.0.1", |_| {});
    let old = Identity::new(&ours, "127.0.0.1", |params| {
        params.not_after = date_time_ymd(2001, 1, 1);
    });
    let young = Identity::new(&ours, "127.0.0.1", |params| {
        params.not_before = date_time_ymd(4001, 1, 1);
    });
    let other = Identity::new(&ours, "elsewhere.example", |_| {});
    let cases = [
        (&server, &ours, None),
        (&server, &authority("theirs"), Some("of an authority that is not trusted")),
        (&old, &ours, Some("has expired")),
        (&young, &ours, Some("is not valid yet")),
        (&other, &ours, Some("is for another name")),
    ];
    for scheme in ["https", "otlps"] {
        for (server, trusted, fault) in &cases {
            let sink = sink(scheme, server.server(None));
            let outcome = send(&format!("{scheme}://{}", sink.address), &trusting(trusted), &[3]);
            match fault {
                None => assert_eq!(outcome.expect("sent").sent, 3),
                Some(fault) => {
                    let said = reason(outcome);
                    assert!(said.contains(fault), "{said}");
                }
            }
        }
    }
}

#[test]
fn what_is_shown() {
    let ours = authority("ours");
    let server = Identity::new(&ours, "127.0.0.1", |_| {});
    let client = Identity::new(&ours, "client", |_| {});
    let stranger = Identity::new(&authority("theirs"), "client", |_| {});
    for scheme in ["https", "otlps"] {
        let sink = sink(scheme, server.server(Some(&ours)));
        let endpoint = format!("{scheme}://{}", sink.address);
        let mut options = trusting(&ours);
        let said = reason(send(&endpoint, &options, &[3]));
        assert!(said.contains("wants a certificate of its client"), "{said}");
        let show = |options: &mut Options, identity: &Identity| {
            options.credentials.set_certificate(&identity.certificate.pem());
            options.credentials.set_key(&identity.key.serialize_pem());
        };
        show(&mut options, &stranger);
        let said = reason(send(&endpoint, &options, &[3]));
        assert!(said.contains("does not take the certificate of its client"), "{said}");
        show(&mut options, &client);
        assert_eq!(send(&endpoint, &options, &[3]).expect("sent").sent, 3);
    }
}

#[test]
fn one_side_without_tls() {
    let ours = authority("ours");
    let server = Identity::new(&ours, "127.0.0.1", |_| {});
    for (plain, tls) in [("http", "https"), ("otlp", "otlps")] {
        let with = sink(tls, server.server(None));
        let said = reason(send(&format!("{plain}://{}", with.address), &patient(), &[3]));
        assert!(said.contains(&format!("'{tls}://{}'", with.address)), "{said}");
        let without = Sink::answering(&[ok()]);
        let endpoint = format!("{tls}://{}", without.address);
        let said = reason(send(&endpoint, &trusting(&ours), &[3]));
        assert!(said.contains(&format!("'{plain}://{}'", without.address)), "{said}");
    }
}

/// Our own receiver speaks gRPC and HTTP over TLS on one port, takes clients that it knows, and tells others why not.
#[test]
fn to_a_receiver() {
    let ours = authority("ours");
    let server = Identity::new(&ours, "127.0.0.1", |_| {});
    let client = Identity::new(&ours, "client", |_| {});
    let folder = std::env::temp_dir().join(format!("duckspan-send-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let files = TlsFiles {
        certificate: file("certificate.pem", server.certificate.pem()),
        key: file("key.pem", server.key.serialize_pem()),
        client_ca: None,
    };
    let mutual = TlsFiles { client_ca: Some(file("ca.pem", ours.pem())), ..files.clone() };
    let mut known = trusting(&ours);
    known.credentials.set_certificate(&client.certificate.pem());
    known.credentials.set_key(&client.key.serialize_pem());
    for (files, is_mutual) in [(files, false), (mutual, true)] {
        let rings = rings();
        let mut config = Config::new("127.0.0.1:0".parse().expect("an address"));
        config.tls = Some(Arc::new(Tls::load(files).expect("files")));
        let receiver = Receiver::start(config, Arc::clone(&rings)).expect("a receiver");
        for (scheme, plain) in [("otlps", "otlp"), ("https", "http")] {
            let endpoint = format!("{scheme}://{}", receiver.address());
            assert_eq!(send(&endpoint, &known, &[100, 1]).expect("sent").sent, 101);
            let unknown = send(&endpoint, &trusting(&ours), &[10]);
            match is_mutual {
                false => assert_eq!(unknown.expect("sent").sent, 10),
                true => {
                    let said = reason(unknown);
                    assert!(said.contains("wants a certificate of its client"), "{said}");
                }
            }
            let said = reason(send(&format!("{plain}://{}", receiver.address()), &patient(), &[1]));
            assert!(said.contains("TLS"), "{said}");
        }
        let rows = if is_mutual { 202 } else { 222 };
        assert_eq!(rings.snapshot(Signal::Traces).rows(), rows);
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}

type Change = fn(&mut Options);

#[test]
fn what_cannot_be_read() {
    let endpoint: Endpoint = "otlps://localhost".parse().expect("an endpoint");
    let cases: [(Change, &str); 4] = [
        (
            |options| options.credentials.set_ca("/no/such/file"),
            "the ca \"/no/such/file\" cannot be read",
        ),
        (|options| options.credentials.set_ca("-----BEGIN X"), "the ca is no PEM"),
        (|options| options.credentials.set_certificate("x"), "a certificate needs its key"),
        (|options| options.credentials.set_key("x"), "a key its certificate"),
    ];
    for (change, wanted) in cases {
        let mut options = Options::default();
        change(&mut options);
        let said = Sender::new(endpoint.clone(), options).expect_err(wanted).to_string();
        assert!(said.contains(wanted), "{said}");
    }
}
