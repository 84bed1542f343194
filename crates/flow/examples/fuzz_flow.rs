//! Breaks valid FCS and Gating-ML files at random for a given time and feeds
//! them to the readers: `fuzz_flow SECONDS SEED FILE…`. A panic ends it and
//! the input that caused it is written to `fuzz-last-input`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use vena_flow::{fuzz_fcs, fuzz_gating_ml};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }
}

const PIECES: [&[u8]; 20] = [
    b"99999999",
    b"-1",
    b"//",
    b"/",
    b"\\\\",
    b"0",
    b"1000000000000",
    b"NaN",
    b"4,3,2,1",
    b"3,4,1,2",
    b"        ",
    b"\xff\xff\xff\xff",
    b"<",
    b"/>",
    b"&#9;",
    b"&#x0;",
    b"1e999",
    b"gating:",
    b"<![CDATA[",
    b"<!--",
];

fn mutate(valid: &[u8], random: &mut Random) -> Vec<u8> {
    // Large files are mostly DATA; keep the part that holds structure.
    let mut bytes = valid[..valid.len().min(20_000)].to_vec();
    let reach = if random.below(2) == 0 { bytes.len() } else { bytes.len().min(400) };
    for _ in 0..=random.below(8) {
        let at = random.below(reach.min(bytes.len()));
        let end = (at + random.below(30)).min(bytes.len());
        match random.below(5) {
            0 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            1 => bytes.truncate(at.max(1)),
            2 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(at..(at + piece.len()).min(bytes.len()), piece.iter().copied());
            }
            3 => {
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, copy);
            }
            _ => {
                bytes.drain(at..end);
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().expect("seconds").parse().expect("seconds");
    let mut random = Random(arguments.next().expect("seed").parse().expect("seed"));
    let seeds: Vec<Vec<u8>> = arguments.map(|path| std::fs::read(path).expect("seed file")).collect();
    assert!(!seeds.is_empty(), "no seed file");
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut inputs = 0u64;
    while Instant::now() < end {
        let bytes = mutate(&seeds[random.below(seeds.len())], &mut random);
        let kept = bytes.clone();
        let run = std::panic::catch_unwind(move || {
            if bytes.starts_with(b"FCS") { fuzz_fcs(&bytes) } else { fuzz_gating_ml(&bytes) }
        });
        if run.is_err() {
            std::fs::write("fuzz-last-input", &kept).expect("written");
            std::process::exit(1);
        }
        inputs += 1;
    }
    println!("{inputs} inputs in {seconds} s without a finding");
}
