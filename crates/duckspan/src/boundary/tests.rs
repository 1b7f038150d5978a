use super::*;

/// Not written to yet, which another kind than any that is expected shows.
fn untouched() -> CFault {
    CFault { kind: FaultKind::Io, text: Text::NONE }
}

/// The text of a fault, which is freed as C++ does.
fn text(fault: CFault) -> String {
    // SAFETY: it was written by `guard` just now.
    let bytes = unsafe { std::slice::from_raw_parts(fault.text.data, fault.text.len) };
    let text = String::from_utf8_lossy(bytes).into_owned();
    crate::abi::duckspan_text_free(fault.text);
    text
}

/// Panics when dropped.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

/// Row 51: a panic is the fault of its call, and the next call works.
#[test]
#[cfg_attr(miri, ignore = "what panics when it is dropped is leaked, as it should be")]
fn panics_stop_at_the_boundary() {
    let panics: [(fn(), &str); 4] = [
        (|| panic!("a literal"), "DuckSpan panicked: a literal"),
        (|| panic!("{} parts", 2), "DuckSpan panicked: 2 parts"),
        (|| std::panic::panic_any(7), "DuckSpan panicked: no message"),
        (|| std::panic::panic_any(Grenade), "DuckSpan panicked: no message"),
    ];
    for (panic, message) in panics {
        let mut fault = untouched();
        let answer: u64 = guard(&mut fault, || {
            panic();
            Ok(2)
        });
        assert_eq!((answer, fault.kind), (0, FaultKind::Internal));
        let text = text(fault);
        assert!(text.starts_with(&format!("{message}. ")), "{text}");
        assert_eq!(guard(&mut untouched(), || Ok(2_u64)), 2);
    }
}

/// Row 51: so does one of a destructor.
#[test]
#[cfg_attr(miri, ignore = "what panics when it is dropped is leaked, as it should be")]
fn panics_of_destructors_stop_at_the_boundary() {
    contain_drop(Grenade);
}

#[test]
fn faults_keep_their_kind_and_text() {
    let mut fault = untouched();
    let refused = || Err::<u64, _>(Fault::new(FaultKind::Binder, "no such option"));
    assert_eq!(guard(&mut fault, refused), 0);
    assert_eq!((fault.kind, text(fault).as_str()), (FaultKind::Binder, "no such option"));
    assert_eq!(guard(&mut untouched(), || Ok(2_u64)), 2);
}
