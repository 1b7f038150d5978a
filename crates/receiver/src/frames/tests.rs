use super::*;

fn frame(kind: u8, flags: u8, len: usize) -> Vec<u8> {
    let mut frame = vec![0, (len >> 8) as u8, len as u8, kind, flags, 0, 0, 0, 1];
    frame.resize(HEADER + len, 0xaa);
    frame
}

const SETTINGS: u8 = 4;
const PING: u8 = 6;

/// However the bytes are cut, the frames are found.
#[test]
fn frames_are_followed_through_any_cut() {
    let all = [
        frame(SETTINGS, 0, 0),
        frame(HEADERS, 0, 20),
        frame(CONTINUATION, 0, 0),
        frame(CONTINUATION, END_HEADERS, 3),
        frame(DATA, 0, 300),
        frame(PING, 0, 8),
    ];
    let bytes = all.concat();
    for size in 1..bytes.len() {
        let mut frames = Frames::new();
        for chunk in bytes.chunks(size) {
            frames.feed(chunk);
        }
        assert!(!frames.is_partial(), "chunks of {size}");
    }
}

#[test]
fn only_what_is_cut_is_partial() {
    let cases: [(&str, Vec<u8>, bool); 9] = [
        ("nothing yet", vec![], true),
        ("half a first frame", frame(SETTINGS, 0, 6)[..10].to_vec(), true),
        ("a whole one", frame(SETTINGS, 0, 6), false),
        ("half a header", [frame(SETTINGS, 0, 0), vec![0, 0]].concat(), true),
        ("headers to be continued", [frame(SETTINGS, 0, 0), frame(HEADERS, 0, 5)].concat(), true),
        ("headers", [frame(SETTINGS, 0, 0), frame(HEADERS, END_HEADERS, 5)].concat(), false),
        (
            "half of headers",
            [frame(SETTINGS, 0, 0), frame(HEADERS, END_HEADERS, 5)[..12].to_vec()].concat(),
            true,
        ),
        ("half of data", [frame(SETTINGS, 0, 0), frame(DATA, 0, 5)[..12].to_vec()].concat(), false),
        (
            "half a ping after data",
            [frame(DATA, 0, 5), frame(PING, 0, 8)[..12].to_vec()].concat(),
            true,
        ),
    ];
    for (name, bytes, partial) in cases {
        let mut frames = Frames::new();
        frames.feed(&bytes);
        assert_eq!(frames.is_partial(), partial, "{name}");
    }
}

#[test]
fn pings_are_no_requests() {
    let mut frames = Frames::new();
    let seen = |completed, request| Seen { completed, request };
    assert_eq!(frames.feed(&frame(SETTINGS, 0, 6)), seen(true, false));
    assert_eq!(frames.feed(&frame(PING, 0, 8)), seen(true, false));
    assert_eq!(frames.feed(&frame(HEADERS, 0, 8)), seen(false, true));
    assert_eq!(frames.feed(&frame(CONTINUATION, END_HEADERS, 8)), seen(true, true));
    let data = frame(DATA, 0, 8);
    assert_eq!(frames.feed(&data[..9]), seen(false, true));
    assert_eq!(frames.feed(&data[9..]), seen(true, true));
}
