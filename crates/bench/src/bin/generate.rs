//! Writes files of generated OTLP data.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use duckspan_bench::compression::Compression;
use duckspan_bench::generator::{Format, Generator};
use duckspan_bench::writer::Layout;
use duckspan_otlp::Signal;
use lexopt::prelude::*;

const USAGE: &str = "\
Usage: generate [OPTIONS] OUT

Writes generated OTLP data to the file OUT, or to standard output for '-'. The same options give
the same bytes, and the same rows in every format.

  --signal traces|logs|metrics|mixed          default traces
  --format jsonl|protobuf|length-prefixed     default jsonl
  --layout collector|sdk                      order of the fields in protobuf; default collector
  --rows N                                    that many rows; default 100000
  --bytes N                                   or whole requests until there are that many bytes
  --batch N                                   rows of one request; default 512
  --seed N                                    default 1
  --compression none|gzip|zstd                default none
";

/// How much to write.
#[derive(Debug, Clone, Copy)]
enum Size {
    Rows(usize),
    Bytes(usize),
}

#[derive(Debug)]
struct Options {
    signal: Option<Signal>,
    format: Format,
    layout: Layout,
    size: Size,
    batch: usize,
    seed: u64,
    compression: Compression,
    out: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = parse()?;
    let mut out: Box<dyn Write> = match options.out.to_str() {
        Some("-") => Box::new(io::stdout().lock()),
        _ => Box::new(File::create(&options.out)?),
    };
    match options.compression.write(&mut out, |out| write(&options, out)) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

fn write(options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mut generator = Generator::new(options.signal, options.seed);
    let mut buffer = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    loop {
        let batch = match options.size {
            Size::Rows(limit) if rows < limit => options.batch.min(limit - rows),
            Size::Bytes(limit) if bytes < limit => options.batch,
            _ => return Ok(()),
        };
        buffer.clear();
        generator.append(options.format, options.layout, batch, &mut buffer);
        out.write_all(&buffer)?;
        rows += batch;
        bytes += buffer.len();
    }
}

fn parse() -> Result<Options, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut options = Options {
        signal: Some(Signal::Traces),
        format: Format::JsonLines,
        layout: Layout::Collector,
        size: Size::Rows(100_000),
        batch: 512,
        seed: 1,
        compression: Compression::None,
        out: PathBuf::new(),
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("signal") => options.signal = parser.value()?.parse_with(signal)?,
            Long("format") => options.format = parser.value()?.parse_with(format)?,
            Long("layout") => options.layout = parser.value()?.parse_with(layout)?,
            Long("rows") => options.size = Size::Rows(parser.value()?.parse()?),
            Long("bytes") => options.size = Size::Bytes(parser.value()?.parse()?),
            Long("batch") => options.batch = parser.value()?.parse()?,
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("compression") => options.compression = parser.value()?.parse()?,
            Value(out) if options.out.as_os_str().is_empty() => options.out = out.into(),
            Long("help") => return Err(USAGE.into()),
            _ => return Err(argument.unexpected()),
        }
    }
    check(options)
}

fn check(options: Options) -> Result<Options, lexopt::Error> {
    if options.out.as_os_str().is_empty() {
        return Err(USAGE.into());
    }
    if options.batch == 0 {
        return Err("--batch must be at least 1".into());
    }
    if options.signal.is_none() && options.format == Format::Protobuf {
        return Err("one protobuf message has one signal: use --format length-prefixed".into());
    }
    Ok(options)
}

fn signal(name: &str) -> Result<Option<Signal>, String> {
    match Signal::from_name(name) {
        None if name != "mixed" => Err(format!("no signal '{name}'")),
        signal => Ok(signal),
    }
}

fn format(name: &str) -> Result<Format, String> {
    match name {
        "jsonl" => Ok(Format::JsonLines),
        "protobuf" => Ok(Format::Protobuf),
        "length-prefixed" => Ok(Format::LengthPrefixed),
        _ => Err(format!("no format '{name}'")),
    }
}

fn layout(name: &str) -> Result<Layout, String> {
    match name {
        "collector" => Ok(Layout::Collector),
        "sdk" => Ok(Layout::Sdk),
        _ => Err(format!("no layout '{name}'")),
    }
}
