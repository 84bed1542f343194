//! Photographs of real plates counted by eye, when they are there: the sample
//! pictures of OpenCFU (folder `colony/opencfu` of the outside test data). They
//! are not ours to keep here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use vena_colonies::{Options, analyse};

/// Picture, least and most a person counts. Counted by eye at four times the size.
const COUNTED_BY_EYE: [(&str, u64, u64); 6] = [
    ("A.png", 66, 70),
    ("C.jpg", 555, 665),
    ("E.jpg", 285, 309),
    ("G.png", 92, 115),
    ("H.png", 86, 120),
    ("Q.jpg.png", 490, 552),
];

/// Row Q11. Counts on real plates: banded light, pen on the plate, seeds without a dish, dusty agar
/// with bubbles, the same cleaned, many small ones. Ranges hold what an eye may differ by and the
/// method's known losses (under the pen; touching pairs); the dusty plate once counted 4,092.
#[test]
fn real_plates() {
    let folder = std::env::var("VENA_CONFORMANCE_DIR")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").into());
    let folder = std::path::Path::new(&folder).join("colony/opencfu");
    for (name, least, most) in COUNTED_BY_EYE {
        let Ok(bytes) = std::fs::read(folder.join(name)) else {
            println!("LEFT OUT: colony/opencfu/{name} (no such file)");
            continue;
        };
        let report = analyse(&[(name.into(), bytes)], &Options::default()).unwrap();
        let found = report.images[0].count;
        println!("{name}: {found:?}, by eye {least} to {most}");
        assert!(found.is_some_and(|found| (least..=most).contains(&found)), "{name}: {found:?}");
    }
}
