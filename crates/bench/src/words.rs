//! How fast texts are checked against word lists, and how much memory those take.

use std::time::{Duration, Instant};

use anyhow::bail;
use moments_compliance::{Checker, Level, List, ListKind, Source};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::cli::Plan;
use crate::report::Row;
use crate::stats::number;
use crate::usage::Usage;

/// What the requirement asks for. MB of text a second, with 100 000 words.
const GOAL: f64 = 100.0;
/// Characters of a text: a long post.
const LENGTH: usize = 500;
const TEXTS: usize = 2_000;
/// How long each figure is measured.
const LASTS: Duration = Duration::from_secs(1);
const SEED: u64 = 7;
/// Ideographs, of which words are made evenly and texts by Zipf's law: the first ones are most of them, as in real texts.
const IDEOGRAPHS: u32 = 8_000;

/// On one thread.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Vec<Row>> {
    let count = plan.share(plan.words);
    let words = words(&mut SmallRng::seed_from_u64(SEED), count);
    let before = Usage::of_this()?;
    let begun = Instant::now();
    let checker = checker(&words)?;
    let built = begun.elapsed();
    let grown = Usage::of_this()?.peak_mb - before.peak_mb;
    let few = self::checker(words.get(..count.min(1_000)).unwrap_or(&words))?;
    let mut rows = Vec::new();
    for (name, rare) in [("posts", 0), ("posts with a listed word each", 1)] {
        let texts = texts(&mut SmallRng::seed_from_u64(SEED + 1), &words, rare);
        let row = Row::new(format!("{count} words: {name}"), throughput(&checker, &texts)?, "MB/s")
            .against("asked for", GOAL)
            .against("with 1000 words", throughput(&few, &texts)?);
        rows.push(row);
    }
    rows.push(Row::new(
        format!("{count} words: time to build"),
        number(usize::try_from(built.as_millis())?),
        "ms",
    ));
    let automaton = number(checker.automaton_bytes()) / 1e6;
    rows.push(Row::new(format!("{count} words: memory"), automaton, "MB").against("peak while building", grown));
    Ok(rows)
}

fn checker(words: &[String]) -> anyhow::Result<Checker> {
    let source = Source {
        id: "bench".to_owned(),
        name: "bench".to_owned(),
        version: "1".to_owned(),
    };
    let list = List::read(source, ListKind::Words, Level::Warn, &words.join("\n"));
    let list = list.map_err(|bad| anyhow::anyhow!("a word of the benchmark is no word: {bad:?}"))?;
    Ok(Checker::build(vec![list])?)
}

/// Bytes of text a second, as long as that is measured.
fn throughput(checker: &Checker, texts: &[String]) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut bytes = 0;
    while begun.elapsed() < LASTS {
        for text in texts {
            std::hint::black_box(checker.check(text, None));
            bytes += text.len();
        }
    }
    if bytes == 0 {
        bail!("nothing was checked");
    }
    Ok(number(bytes) / 1e6 / begun.elapsed().as_secs_f64())
}

/// Words of two to six ideographs.
fn words(dice: &mut SmallRng, count: usize) -> Vec<String> {
    let mut word = || {
        let length = dice.random_range(2..=6);
        (0..length)
            .map(|_| ideograph(dice.random_range(0..IDEOGRAPHS)))
            .collect()
    };
    (0..count).map(|_| word()).collect()
}

/// Posts: ideographs, punctuation, a few Latin letters, and so many of the words.
fn texts(dice: &mut SmallRng, words: &[String], listed: usize) -> Vec<String> {
    let mut text = || {
        let mut text: String = (0..LENGTH).map(|_| character(dice)).collect();
        for _ in 0..listed {
            let place = text.floor_char_boundary(dice.random_range(0..text.len()));
            text.insert_str(
                place,
                words.get(dice.random_range(0..words.len())).map_or("", String::as_str),
            );
        }
        text
    };
    (0..TEXTS).map(|_| text()).collect()
}

fn character(dice: &mut SmallRng) -> char {
    match dice.random_range(0..20) {
        0 => '，',
        1 => char::from(dice.random_range(b'a'..=b'z')),
        _ => ideograph(zipf(dice)),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 1 and the number of ideographs"
)]
fn zipf(dice: &mut SmallRng) -> u32 {
    f64::from(IDEOGRAPHS).powf(dice.random::<f64>()) as u32 - 1
}

fn ideograph(n: u32) -> char {
    char::from_u32(0x4E00 + 2 * n).unwrap_or('一')
}
