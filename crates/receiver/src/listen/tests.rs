use super::*;

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

/// Row 53, F1: a taken port is an error that says what to do.
#[test]
fn taken_ports_are_named() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = holder.local_addr().expect("an address").port();
    for host in ["127.0.0.1", "localhost"] {
        let error = bind(&address(&format!("{host}:{port}"))).expect_err("the port is taken");
        assert_eq!(
            error.to_string(),
            format!(
                "Failed to start OTLP receiver on {host}:{port}: address already in use (another receiver or Collector is listening there; choose another port or stop it)"
            )
        );
    }
}

/// Row 53: so is a host that is elsewhere, or nowhere.
#[test]
fn absent_hosts_are_named() {
    let cases = [
        ("192.0.2.1:4317", "address not available (it is not an address of this machine)"),
        (
            "no-such-host.invalid:4317",
            "Failed to start OTLP receiver on no-such-host.invalid:4317: ",
        ),
    ];
    for (host, reason) in cases {
        let error = bind(&address(host)).expect_err(host).to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn every_address_of_localhost_has_the_same_port() {
    let listeners = bind(&address("localhost:0")).expect("a port");
    let addresses: Vec<SocketAddr> =
        listeners.iter().map(|listener| listener.local_addr().expect("an address")).collect();
    assert!(addresses.iter().all(|address| address.ip().is_loopback()), "{addresses:?}");
    assert!(addresses.iter().all(|address| address.port() == addresses[0].port()), "{addresses:?}");
    assert_ne!(addresses[0].port(), 0);
}
