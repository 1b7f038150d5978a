//! The oracles of the fuzz targets, over inputs that are the same in every run.

mod common;

use common::loosen::loosen;
use common::numbers::Numbers;
use common::oracle::protobuf::{check_as, segment};
use common::oracle::{framing, json, pipeline, protobuf};
use common::rows::rows;
use common::{corpus, samples};
use duckspan_otlp::Signal;

/// Bytes of a corpus file that are taken: enough for every kind of field.
const HEAD: usize = 3000;

fn protobuf_seeds() -> Vec<Vec<u8>> {
    let samples = Signal::ALL.map(samples::request);
    let corpus = corpus::files().into_iter().filter(|(name, _)| name.ends_with(".pb"));
    samples.into_iter().chain(corpus.map(|(_, bytes)| head(bytes))).collect()
}

fn json_seeds() -> Vec<Vec<u8>> {
    let samples = Signal::ALL.map(samples::json);
    let corpus = corpus::files().into_iter().filter(|(name, _)| name.contains(".json"));
    samples.into_iter().chain(corpus.map(|(_, bytes)| head(bytes))).collect()
}

fn head(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(HEAD);
    bytes
}

/// One change to some bytes.
fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    const INTERESTING: &[u8] = b"\0\x01\x02\x08\x0a\x10\x12\x1a\x7f\x80\xff\"\\{}[],:ntu0-e. ";
    if bytes.is_empty() {
        return bytes.push(*numbers.pick(INTERESTING));
    }
    let at = numbers.below(bytes.len());
    match numbers.below(7) {
        0 => bytes[at] = numbers.next() as u8,
        1 => bytes[at] = *numbers.pick(INTERESTING),
        2 => bytes[at] ^= 1 << numbers.below(8),
        3 => bytes.insert(at, *numbers.pick(INTERESTING)),
        4 => drop(bytes.remove(at)),
        5 => bytes.truncate(at),
        _ => {
            let end = at + numbers.below((bytes.len() - at).min(64)) + 1;
            let part = bytes[at..end].to_vec();
            let to = numbers.below(bytes.len());
            bytes.splice(to..to, part);
        }
    }
}

/// Calls `check` with the seeds, and with changed ones.
fn run(seeds: &[Vec<u8>], rounds: usize, check: impl Fn(&[u8])) {
    for seed in seeds {
        check(seed);
    }
    let mut numbers = Numbers::new(seeds.len() as u64);
    for _ in 0..rounds {
        let mut bytes = numbers.pick(seeds).clone();
        if numbers.once_in(2) {
            let start = numbers.below(bytes.len());
            bytes = bytes[start..].iter().take(1 + numbers.below(200)).copied().collect();
        }
        for _ in 0..=numbers.below(4) {
            mutate(&mut bytes, &mut numbers);
        }
        check(&bytes);
    }
}

#[test]
fn protobuf() {
    run(&protobuf_seeds(), 2000, protobuf::check);
}

#[test]
fn json() {
    run(&json_seeds(), 2000, json::check);
}

#[test]
fn framing() {
    let seeds: Vec<_> = protobuf_seeds().into_iter().chain(json_seeds()).collect();
    for framing in 0..5 {
        let choose = |seed: &Vec<u8>| [&[framing, 4, 1, 2], seed.as_slice()].concat();
        let seeds: Vec<_> = seeds.iter().map(choose).collect();
        run(&seeds, 500, framing::check);
    }
}

#[test]
fn files() {
    let seeds: Vec<_> = protobuf_seeds().into_iter().chain(json_seeds()).collect();
    run(&seeds, 500, pipeline::check);
}

#[test]
fn loose_forms_have_the_same_rows() {
    for signal in Signal::ALL {
        let request = samples::request(signal);
        let want = rows(&segment(signal, &request).0);
        for seed in 0..50 {
            let loose = loosen(signal.data(), &request, &mut Numbers::new(seed));
            check_as(signal, &loose);
            let found = rows(&segment(signal, &loose).0);
            assert_eq!(found, want, "seed {seed}");
        }
    }
}
