use super::*;

#[test]
fn every_byte_at_every_place() {
    every_byte(plain_prefix);
    every_byte(long_plain_prefix);
}

fn every_byte<const N: usize>(prefix: fn(&[u8; N]) -> usize) {
    for byte in 0..=u8::MAX {
        for at in 0..N {
            let mut block = [b'a'; N];
            block[at] = byte;
            let expected = if matches!(byte, b'"' | b'\\' | 0..0x20) { at } else { N };
            assert_eq!(prefix(&block), expected, "{byte:#x} at {at}");
            block[at..].fill(byte);
            assert_eq!(prefix(&block), expected, "{byte:#x} from {at} on");
        }
    }
}
