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
        assert_eq!(frames.partial(), Partial::Nothing, "chunks of {size}");
    }
}

#[test]
fn only_what_is_cut_is_partial() {
    use Partial::{Data, Nothing, Other};
    let cases: [(&str, Vec<u8>, Partial); 9] = [
        ("nothing yet", vec![], Other),
        ("half a first frame", frame(SETTINGS, 0, 6)[..10].to_vec(), Other),
        ("a whole one", frame(SETTINGS, 0, 6), Nothing),
        ("half a header", [frame(SETTINGS, 0, 0), vec![0, 0]].concat(), Other),
        ("headers to be continued", [frame(SETTINGS, 0, 0), frame(HEADERS, 0, 5)].concat(), Other),
        ("headers", [frame(SETTINGS, 0, 0), frame(HEADERS, END_HEADERS, 5)].concat(), Nothing),
        (
            "half of headers",
            [frame(SETTINGS, 0, 0), frame(HEADERS, END_HEADERS, 5)[..12].to_vec()].concat(),
            Other,
        ),
        ("half of data", [frame(SETTINGS, 0, 0), frame(DATA, 0, 5)[..12].to_vec()].concat(), Data),
        (
            "half a ping after data",
            [frame(DATA, 0, 5), frame(PING, 0, 8)[..12].to_vec()].concat(),
            Other,
        ),
    ];
    for (name, bytes, partial) in cases {
        let mut frames = Frames::new();
        frames.feed(&bytes);
        assert_eq!(frames.partial(), partial, "{name}");
    }
}

#[test]
fn pings_are_no_requests() {
    let mut frames = Frames::new();
    let nothing = Seen::default();
    let completed = Seen { completed: true, ..nothing };
    assert_eq!(frames.feed(&frame(SETTINGS, 0, 6)), completed);
    assert_eq!(frames.feed(&frame(PING, 0, 8)), completed);
    assert_eq!(frames.feed(&frame(HEADERS, 0, 8)), Seen { head: true, ..nothing });
    assert_eq!(frames.feed(&frame(CONTINUATION, END_HEADERS, 8)), Seen { head: true, ..completed });
    let data = frame(DATA, 0, 8);
    assert_eq!(frames.feed(&data[..9]), Seen { data: true, ..nothing });
    assert_eq!(frames.feed(&data[9..]), Seen { data: true, ..completed });
}
