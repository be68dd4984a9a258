//! The speed of reading and decoding records, on one core.

// A bench that cannot run should say so and stop.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shoal_formats::{Format, Limits, Reader};

const RECORDS: usize = 10_000;

/// Records of about 300 bytes, as archives have them: Latin and Cyrillic in turn, some with escapes.
fn lines() -> Vec<String> {
    let texts = [
        "The city council votes tonight on the new budget, and everyone should watch the stream. \\\"Transparency\\\" at last https://t.co/Ovdc6zNv #budget",
        "Реклама в сети: причина успеха: компания сегодня, как ожидается, подаст заявку http://t.co/hShqlLtv",
        "RT @someone: this is what a perfectly ordinary repeated post looks like, with a link https://t.co/kbxDeYrZeO and a few more words in it",
    ];
    (0..RECORDS)
        .map(|n| {
            let text = texts[n % texts.len()];
            let repost = n % texts.len() == 2;
            format!(
                r#"{{"id":"p75dc2b512cf{n:07}","platform":"twitter","author":"u5840bbdf730df{:03}","ts":"2012-02-02T00:{:02}:{:02}Z","text":"{text}","lang":"en","repost":{repost}}}"#,
                n % 997,
                n / 60 % 60,
                n % 60,
            )
        })
        .collect()
}

fn decode(c: &mut Criterion) {
    let (lines, limits) = (lines(), Limits::default());
    let mut group = c.benchmark_group("native");
    group.throughput(Throughput::Elements(RECORDS as u64));
    group.bench_function("decode", |b| {
        b.iter(|| {
            for line in &lines {
                black_box(Format::NATIVE.decode(black_box(line.as_bytes()), &limits).unwrap());
            }
        });
    });
    let folder = tempfile::tempdir().unwrap();
    let text = lines.join("\n");
    for (name, bytes) in [
        ("read and decode, plain", text.clone().into_bytes()),
        ("read and decode, zstd", zstd::encode_all(text.as_bytes(), 3).unwrap()),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut reader = Reader::open(&path, &limits).unwrap();
                let mut line = Vec::new();
                while let Some(record) = reader.next(&mut line).unwrap() {
                    black_box(Format::NATIVE.decode_record(&record, &line, &limits).unwrap());
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
