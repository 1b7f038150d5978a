//! Writes seeds for every fuzz target, and a dictionary, into a directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use duckspan_fuzz::common::loosen::loosen;
use duckspan_fuzz::common::numbers::Numbers;
use duckspan_fuzz::common::oracle::framing::CHOICE;
use duckspan_fuzz::common::{corpus, samples};
use duckspan_otlp::schema::{Kind, Message};
use duckspan_otlp::wire::{CheckingReader, put_varint};
use duckspan_otlp::Signal;

/// Bytes of a seed at most: small ones are mutated faster.
const MAXIMUM: usize = 8 << 10;

/// Seeds taken of one file at most.
const PER_FILE: usize = 40;

fn main() -> io::Result<()> {
    let out = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "corpus".to_owned()));
    let (protobuf, json) = (protobuf(), json());
    write(&out.join("protobuf"), protobuf.iter().cloned())?;
    write(&out.join("json"), json.iter().cloned())?;
    let streams: Vec<_> = protobuf.iter().chain(&json).flat_map(|seed| framed(seed)).collect();
    let choose = |(at, stream): (usize, &Vec<u8>)| {
        let choice: [u8; CHOICE] = [at as u8, 4, at as u8, (at >> 8) as u8];
        [&choice[..], stream].concat()
    };
    write(&out.join("framing"), streams.iter().enumerate().map(choose))?;
    let whole = corpus::files().into_iter().map(|(_, bytes)| bytes);
    let whole = whole.filter(|bytes| bytes.len() <= 8 * MAXIMUM);
    let files = streams.iter().flat_map(|stream| [stream.clone(), zstd(stream), gzip(stream)]);
    write(&out.join("sniff_file"), files.chain(whole))?;
    fs::write(out.join("otlp.dict"), dictionary())
}

fn write(directory: &Path, seeds: impl Iterator<Item = Vec<u8>>) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for (at, seed) in seeds.filter(|seed| seed.len() <= 8 * MAXIMUM).enumerate() {
        fs::write(directory.join(format!("seed-{at:05}")), seed)?;
    }
    Ok(())
}

fn protobuf() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for signal in Signal::ALL {
        let request = samples::request(signal);
        let mut numbers = Numbers::new(1);
        seeds.extend((0..8).map(|_| loosen(signal.data(), &request, &mut numbers)));
        seeds.push(request);
    }
    for (_, bytes) in corpus::files().iter().filter(|(name, _)| name.ends_with(".pb")) {
        let mut reader = CheckingReader::new(bytes);
        let mut start = 0;
        for _ in 0..PER_FILE {
            let Ok((number, wire_type)) = reader.tag() else { break };
            if reader.skip(number, wire_type).is_err() {
                break;
            }
            seeds.push(bytes[start..reader.offset().min(start + MAXIMUM)].to_vec());
            start = reader.offset();
        }
    }
    seeds
}

fn json() -> Vec<Vec<u8>> {
    let mut seeds = Signal::ALL.map(samples::json).to_vec();
    for (_, bytes) in corpus::files().iter().filter(|(name, _)| name.contains(".json")) {
        if bytes.len() <= 4 * MAXIMUM {
            seeds.push(bytes.clone());
            continue;
        }
        let lines = bytes.split(|&byte| byte == b'\n').filter(|line| line.len() <= MAXIMUM);
        seeds.extend(lines.take(PER_FILE).map(<[u8]>::to_vec));
    }
    seeds
}

/// A record alone, twice in lines, and after its length in both ways.
fn framed(record: &[u8]) -> [Vec<u8>; 4] {
    let mut varint = Vec::new();
    put_varint(&mut varint, record.len() as u64);
    let big_endian = (record.len() as u32).to_be_bytes();
    [
        record.to_vec(),
        [record, b"\n", record, b"\n"].concat(),
        [&big_endian, record, &big_endian, record].concat(),
        [&varint, record, &varint, record].concat(),
    ]
}

/// The bytes as stored blocks of one zstd frame.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    let header = |len: usize, last: bool| (len as u32) << 3 | u32::from(last);
    out.extend_from_slice(&header(bytes.len(), true).to_le_bytes()[..3]);
    out.extend_from_slice(bytes);
    out
}

/// The bytes as one stored block of one gzip member.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let len = bytes.len().min(0xffff) as u16;
    let bytes = &bytes[..usize::from(len)];
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&(!len).to_le_bytes());
    out.extend_from_slice(bytes);
    out.extend_from_slice(&crc32(bytes).to_le_bytes());
    out.extend_from_slice(&u32::from(len).to_le_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ 0xedb8_8320 * (crc & 1))
    })
}

/// Member names, enum names and the odd corners of JSON, as libFuzzer wants them.
fn dictionary() -> String {
    let mut words: Vec<String> = [
        "\\\"",
        "\\\\u0000",
        "\\\\ud83e\\\\udd86",
        "\\\\ud800",
        "null",
        "true",
        "false",
        "NaN",
        "-Infinity",
        "1e308",
        "1e-400",
        "18446744073709551615",
        "-9223372036854775808",
        "{}",
        "[]",
        "\\xef\\xbb\\xbf",
        "\\x1f\\x8b\\x08",
        "\\x28\\xb5\\x2f\\xfd",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut seen: Vec<&'static Message> = Vec::new();
    Signal::ALL.into_iter().for_each(|signal| names(signal.data(), &mut seen, &mut words));
    words.sort();
    words.dedup();
    words.iter().map(|word| format!("\"{word}\"\n")).collect()
}

fn names(message: &'static Message, seen: &mut Vec<&'static Message>, words: &mut Vec<String>) {
    if seen.iter().any(|known| std::ptr::eq(*known, message)) {
        return;
    }
    seen.push(message);
    for field in message.fields {
        words.push(format!("\\\"{}\\\":", field.name));
        match field.kind {
            Kind::Message(nested) => names(nested, seen, words),
            Kind::Enum(names) => words.extend(names.iter().map(|name| format!("\\\"{name}\\\""))),
            _ => {}
        }
    }
}
