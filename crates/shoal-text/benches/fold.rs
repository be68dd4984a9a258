//! The speed of folding and shingling over sentences of about 100 characters.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shoal_text::{Folded, canonical_url, entities, fold, shingles};

const ENGLISH: [&str; 4] = [
    "Polling stations in the old harbour district stay open until nine tonight, bring a document and a friend! #vote",
    "RT @harbour_news: The council has published its report on the flood defences: https://example.org/report/2016",
    "I never thought I would say this, but the new bus line is the best thing that happened to our street in years",
    "BREAKING: 1,200 households without power after the storm, engineers expect repairs to last until Thursday noon",
];

const MIXED: [&str; 5] = [
    "Избирательные участки в старом порту открыты до девяти вечера, возьмите с собой паспорт и друзей! #выборы",
    "مراكز الاقتراع في حي الميناء القديم مفتوحة حتى الساعة التاسعة مساء، أحضروا وثائقكم وأصدقاءكم معكم",
    "पुराने बंदरगाह इलाके के मतदान केंद्र आज रात नौ बजे तक खुले रहेंगे, अपना पहचान पत्र साथ लाएं और वोट दें",
    "หน่วยเลือกตั้งในย่านท่าเรือเก่าเปิดจนถึงสามทุ่มคืนนี้ อย่าลืมนำบัตรประจำตัวและเพื่อนของคุณมาด้วย",
    "老港区的投票站今晚开放到九点，请带上身份证件和你的朋友一起来，不要错过这次机会，每一票都很重要",
];

fn folding(c: &mut Criterion) {
    for (name, posts) in [("english", &ENGLISH[..]), ("mixed", &MIXED[..])] {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(posts.len() as u64));
        let (mut folded, mut set) = (Folded::new(), Vec::new());
        group.bench_function("fold", |b| {
            b.iter(|| posts.iter().for_each(|post| fold(black_box(post), &mut folded)));
        });
        group.bench_function("fold and shingle", |b| {
            b.iter(|| {
                for post in posts {
                    fold(black_box(post), &mut folded);
                    shingles(folded.symbols(), 4, 42, &mut set);
                }
            });
        });
        group.bench_function("entities", |b| {
            b.iter(|| posts.iter().map(|post| entities(black_box(post)).urls.len()).sum::<usize>());
        });
        group.finish();
    }
    c.bench_function("canonical_url", |b| {
        b.iter(|| {
            canonical_url(black_box("https://www.example.org/politics/2016/a-story?utm_source=feed&id=17&ref=x"))
        });
    });
}

criterion_group!(benches, folding);
criterion_main!(benches);
