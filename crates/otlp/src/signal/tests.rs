use super::*;

#[test]
fn signals_have_names() {
    for (place, signal) in Signal::ALL.into_iter().enumerate() {
        assert_eq!(signal as usize, place);
        assert_eq!(Signal::from_name(signal.name()), Some(signal));
        assert_eq!(Signal::from_name(&signal.name().to_uppercase()), Some(signal));
    }
    for name in ["", "trace", "profiles", "traces "] {
        assert_eq!(Signal::from_name(name), None, "{name}");
    }
}

#[test]
fn sets_of_signals() {
    let mut set = SignalSet::NONE;
    assert!(set.is_empty());
    for signal in Signal::ALL {
        assert!(!set.contains(signal));
        set = set.with(signal);
        assert!(set.contains(signal) && !set.is_empty());
        assert!(SignalSet::only(signal).contains(signal) && SignalSet::ALL.contains(signal));
        assert_eq!(SignalSet::NONE.with(signal).with(signal), SignalSet::only(signal));
    }
    assert_eq!(set, SignalSet::ALL);
}
