//! Times and memory of the flow crate, beside the peers on PyPI. Run with
//! `cargo run --release -p vena-flow --example bench_flow [FOLDER]`; the peers
//! run in the same call when `VENA_PYTHON` (default `python3`) has FlowIO and
//! FlowKit. Prints one JSON object a line.
//!
//! What bounds reading: the kernel hands out the matrix's pages zeroed. One fault for each 4 KiB (12,000
//! for 48 MB) cost 42 ms of a 50 ms reading on the virtual machine measured; the matrix is mapped with
//! pages of 2 MiB asked for, which costs 3 ms, and reading passes 3 times FlowIO's speed. What is left is
//! picking the values apart (12 ms on one core) and fetching the file (2 ms). Where the kernel's
//! `transparent_hugepage` is `never`, the faults come back and with them some 2 times FlowIO's speed.
//! FlowIO's events are one flat array, a copy of the bytes; ours are a matrix by channel, so beside that
//! array stands FlowIO's own float matrix, the like of ours. Both from an open file and from bytes in
//! memory. A gate moved stands beside FlowKit's gating of the same sample.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::cast_precision_loss)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use vena_flow::fcs::{
    ByteOrder, FcsVersion, ReadOptions, WriteChannel, WriteDataSet, WriteValues, read_fcs, read_fcs_from,
    write_fcs,
};
use vena_flow::gating::{GateShape, apply_gates, read_gating_ml, write_gating_ml};
use vena_flow::plot::{DensityPlot, PlotSpec, PlotText, matrix_bytes};
use vena_flow::{AnalyseOptions, FileCompensation, Limits, analyse};

const EVENTS: usize = 1_000_000;
const CHANNELS: usize = 12;
const ROUNDS: usize = 15;

const GATES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating" xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations" xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">
  <transforms:transformation transforms:id="logicle"><transforms:logicle transforms:T="262144" transforms:W="0.5" transforms:M="4.5" transforms:A="0"/></transforms:transformation>
  <gating:RectangleGate gating:id="rectangle">
    <gating:dimension gating:compensation-ref="uncompensated" gating:transformation-ref="logicle" gating:min="0.3" gating:max="0.8"><data-type:fcs-dimension data-type:name="C1"/></gating:dimension>
    <gating:dimension gating:compensation-ref="uncompensated" gating:transformation-ref="logicle" gating:min="0.25" gating:max="0.75"><data-type:fcs-dimension data-type:name="C2"/></gating:dimension>
  </gating:RectangleGate>
  <gating:PolygonGate gating:id="polygon">
    <gating:dimension gating:compensation-ref="uncompensated" gating:transformation-ref="logicle"><data-type:fcs-dimension data-type:name="C3"/></gating:dimension>
    <gating:dimension gating:compensation-ref="uncompensated" gating:transformation-ref="logicle"><data-type:fcs-dimension data-type:name="C4"/></gating:dimension>
    <gating:vertex><gating:coordinate data-type:value="0.2"/><gating:coordinate data-type:value="0.3"/></gating:vertex>
    <gating:vertex><gating:coordinate data-type:value="0.7"/><gating:coordinate data-type:value="0.2"/></gating:vertex>
    <gating:vertex><gating:coordinate data-type:value="0.8"/><gating:coordinate data-type:value="0.6"/></gating:vertex>
    <gating:vertex><gating:coordinate data-type:value="0.5"/><gating:coordinate data-type:value="0.9"/></gating:vertex>
    <gating:vertex><gating:coordinate data-type:value="0.25"/><gating:coordinate data-type:value="0.7"/></gating:vertex>
  </gating:PolygonGate>
</gating:Gating-ML>
"#;

/// Peak memory of reading one file, from an open file or from memory, in a process that has read a small
/// one both ways before, so that the program's own pages and threads are not counted.
fn memory(fcs: &Path, from_memory: bool) {
    let size = std::fs::metadata(fcs).unwrap().len();
    let small = file(1_000);
    black_box(read_fcs(&small, &ReadOptions::default()).unwrap());
    black_box(read_fcs_from(std::io::Cursor::new(&small), &ReadOptions::default()).unwrap());
    let before = high_water();
    let read = if from_memory {
        let bytes = std::fs::read(fcs).unwrap();
        read_fcs(&bytes, &ReadOptions::default()).unwrap()
    } else {
        read_fcs_from(std::fs::File::open(fcs).unwrap(), &ReadOptions::default()).unwrap()
    };
    let matrix = matrix_bytes(&read.data_sets[0]) as u64;
    let beyond = (high_water() - before).saturating_sub(matrix);
    let held = if from_memory { size } else { 0 };
    println!(
        r#"{{"what":"memory beyond the event matrix","from":"{}","file_bytes":{size},"matrix_bytes":{matrix},"beyond_bytes":{beyond},"of_it_the_callers_file_bytes":{held}}}"#,
        if from_memory { "memory" } else { "an open file" }
    );
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, how, path] = words.as_slice()
        && word == "--memory"
    {
        return memory(Path::new(path), how == "memory");
    }
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let fcs = folder.join("vena_bench_flow.fcs");
    let xml = folder.join("vena_bench_flow.xml");
    std::fs::write(&fcs, file(EVENTS)).unwrap();
    std::fs::write(&xml, GATES).unwrap();

    // In a process of its own, where nothing else has raised the high-water mark.
    let own = std::env::current_exe().unwrap();
    for how in ["file", "memory"] {
        let output = Command::new(&own).args(["--memory", how]).arg(&fcs).output().unwrap();
        print!("{}", String::from_utf8_lossy(&output.stdout));
    }
    let read = read_fcs_from(std::fs::File::open(&fcs).unwrap(), &ReadOptions::default()).unwrap();
    let read_file = spread(|| {
        black_box(read_fcs_from(std::fs::File::open(&fcs).unwrap(), &ReadOptions::default()).unwrap());
    });
    report("read from a file into a float matrix", read_file);
    let bytes = std::fs::read(&fcs).unwrap();
    report(
        "read from memory into a float matrix",
        spread(|| {
            black_box(read_fcs(&bytes, &ReadOptions::default()).unwrap());
        }),
    );
    let data = &read.data_sets[0];
    let document = read_gating_ml(GATES.as_bytes(), &Limits::default()).unwrap();
    let none = FileCompensation::None;
    let gating = spread(|| {
        black_box(apply_gates(&document, data, &none).unwrap());
    });
    report("four logicle transforms, rectangle, polygon", gating);
    let gates = apply_gates(&document, data, &none).unwrap();
    for gate in &gates {
        println!(r#"{{"gate":"{}","count":{}}}"#, gate.id, gate.count);
    }
    let spec = PlotSpec::for_gate(&document, "polygon").unwrap();
    let plot = || DensityPlot::new(&document, data, &none, &gates, &spec).unwrap();
    report(
        "density plot to SVG",
        spread(|| {
            black_box(plot().to_svg(&PlotText::default()));
        }),
    );
    report(
        "density plot to PNG",
        spread(|| {
            black_box(plot().to_png(&PlotText::default(), None).unwrap());
        }),
    );
    gate_move(&bytes);
    peers(&fcs, &xml);
    let _ = (std::fs::remove_file(&fcs), std::fs::remove_file(&xml));
}

/// One gate moved on a page: the new document read, the events gated again, the result digested and as
/// JSON, the plot drawn. The analysis it starts from stays, as the memory of a server keeps it.
fn gate_move(bytes: &[u8]) {
    let analysis = analyse(bytes, Some(GATES.as_bytes()), &AnalyseOptions::default()).unwrap();
    let mut round = 0u32;
    let moved = spread(|| {
        round += 1;
        let mut document = analysis.document.clone();
        if let Some(GateShape::Polygon { vertices, .. }) =
            document.gate_mut("polygon").map(|gate| &mut gate.shape)
        {
            vertices[0][0] += 0.001 * f64::from(round);
        }
        let xml = write_gating_ml(&document);
        let mut next = analysis.clone();
        next.gate(read_gating_ml(xml.as_bytes(), &Limits::default()).unwrap()).unwrap();
        black_box(serde_json::to_string(&next.report).unwrap());
        black_box(next.plot(Some("polygon")).unwrap().to_svg(&PlotText::default()));
    });
    report("a gate moved: read, gated, digested, plotted", moved);
}

/// Times of several rounds, in milliseconds.
struct Spread {
    lowest: f64,
    median: f64,
    highest: f64,
    /// Processor time of one round on all cores: the figure that other programs on the machine
    /// disturb least. 0 where the system does not tell.
    cpu: f64,
}

fn report(what: &str, Spread { lowest, median, highest, cpu }: Spread) {
    println!(
        r#"{{"what":"{what}","ms":{lowest:.2},"median":{median:.2},"highest":{highest:.2},"cpu_ms":{cpu:.1}}}"#
    );
}

/// Processor time of this process in milliseconds (Linux, in steps of ten); 0 elsewhere.
fn processor_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |field: usize| after_name.split_whitespace().nth(field).and_then(|t| t.parse::<f64>().ok());
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) * 10.0
}

/// Shortest, middle and longest of several rounds.
fn spread(mut work: impl FnMut()) -> Spread {
    let before = processor_ms();
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    Spread {
        lowest: times[0],
        median: times[ROUNDS / 2],
        highest: times[ROUNDS - 1],
        cpu: (processor_ms() - before) / ROUNDS as f64,
    }
}

/// Two populations per channel, spread as fluorescence is; fixed seed.
fn file(events: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let channels = (1..=CHANNELS)
        .map(|number| WriteChannel {
            name: format!("C{number}"),
            stain: String::new(),
            bits: 32,
            range: 262_144,
            log_amplification: (0.0, 0.0),
            gain: None,
            values: WriteValues::Floats(
                (0..events)
                    .map(|_| {
                        let normal = (0..6).map(|_| uniform()).sum::<f64>() - 3.0;
                        let centre = if uniform() < 0.4 { 2.0 } else { 4.0 };
                        #[allow(clippy::cast_possible_truncation)]
                        let value = (10f64.powf(centre + 0.5 * normal) + 80.0 * (uniform() - 0.5)) as f32;
                        value
                    })
                    .collect(),
            ),
        })
        .collect();
    let data_set = WriteDataSet {
        version: FcsVersion::V3_1,
        order: ByteOrder::Little,
        delimiter: b'/',
        channels,
        keywords: vec![],
    };
    write_fcs(&[data_set]).unwrap()
}

/// Peak resident memory of this process in bytes (Linux); 0 elsewhere.
fn high_water() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn peers(fcs: &Path, xml: &Path) {
    let python = std::env::var("VENA_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peers.py");
    match Command::new(&python).arg(script).arg(fcs).arg(xml).output() {
        Ok(output) if output.status.success() => {
            print!("{}", String::from_utf8_lossy(&output.stdout))
        }
        Ok(output) => println!(
            "LEFT OUT: peers: {}",
            String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("")
        ),
        Err(error) => println!("LEFT OUT: peers: {python}: {error}"),
    }
}
