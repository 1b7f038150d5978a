use super::*;

#[test]
fn every_byte_at_every_place() {
    for byte in 0..=u8::MAX {
        for at in 0..BLOCK {
            let mut block = [b'a'; BLOCK];
            block[at] = byte;
            let expected = if matches!(byte, b'"' | b'\\' | 0..0x20) { at } else { BLOCK };
            assert_eq!(plain_prefix(&block), expected, "{byte:#x} at {at}");
            block[at..].fill(byte);
            assert_eq!(plain_prefix(&block), expected, "{byte:#x} from {at} on");
        }
    }
}
