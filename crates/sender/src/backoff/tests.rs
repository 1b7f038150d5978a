use super::*;

#[test]
fn grows_to_a_limit() {
    let mut backoff = Backoff::new();
    let mut most = FIRST;
    for _ in 0..20 {
        let wait = backoff.next(None);
        assert!(most / 2 <= wait && wait <= most, "{wait:?} of {most:?}");
        most = (2 * most).min(LONGEST);
    }
    let asked = Duration::from_secs(77);
    assert_eq!(backoff.next(Some(asked)), asked);
}
