//! `vena colonies` on drawn plates, as a person or a program calls it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;
use common::*;
use std::path::Path;
use vena_colonies::synthetic::{Drawn, Recipe, Stage, draw, tiff_pages};

fn plate(seed: u64, stage: Stage, colonies: usize) -> Drawn {
    let side = if matches!(stage, Stage::Wells { .. }) { 1200 } else { 600 };
    draw(&Recipe { bubbles: 0, strokes: 0, ..Recipe::untuned(seed, side, stage, colonies, 14.0) })
}

fn report(folder: &Path, words: &[&str], ends: i32) -> serde_json::Value {
    let mut all = vec!["colonies", "--format", "json"];
    all.extend(words);
    serde_json::from_str(&out(&expect(folder, &all, ends))).unwrap()
}

/// Row Q11. Every word of `--layout`, and the report says which was used.
#[test]
fn a_layout_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dish.png"), plate(9, Stage::Dish, 30).png().unwrap()).unwrap();
    let wells = plate(11, Stage::Wells { rows: 4, columns: 6 }, 60);
    std::fs::write(folder.path().join("wells.png"), wells.png().unwrap()).unwrap();

    for (word, kind) in [("automatic", "dish"), ("dish", "dish"), ("whole", "whole")] {
        let told = report(folder.path(), &["dish.png", "--layout", word], 0);
        assert_eq!(told["images"][0]["vessels"][0]["kind"], kind, "{word}");
        assert_eq!(told["options"]["layout"]["layout"], word);
    }
    let told = report(folder.path(), &["wells.png", "--layout", "24"], 0);
    let vessels = told["images"][0]["vessels"].as_array().unwrap();
    assert_eq!(vessels.len(), 24);
    assert_eq!((vessels[0]["name"].as_str(), vessels[23]["name"].as_str()), (Some("A1"), Some("D6")));
    let found = told["images"][0]["count"].as_u64().unwrap();
    assert!(found.abs_diff(wells.truth.len() as u64) <= 4, "{found} of {}", wells.truth.len());

    let told = report(folder.path(), &["dish.png", "--layout", "96"], 3);
    assert_eq!(told["images"][0]["refusal"]["detail"]["refusal"], "no-wells");
    assert_eq!(code(&run(folder.path(), &["colonies", "dish.png", "--layout", "square"])), 2);
}

/// Row Q11. One number a file, its diameters, and what a zero means; in both languages.
#[test]
fn text_says_the_count_and_what_it_is_worth() {
    let folder = tempfile::tempdir().unwrap();
    let some = plate(9, Stage::Dish, 30);
    std::fs::write(folder.path().join("some.png"), some.png().unwrap()).unwrap();
    std::fs::write(folder.path().join("none.png"), plate(12, Stage::Dish, 0).png().unwrap()).unwrap();
    let said = out(&expect(folder.path(), &["colonies", "none.png", "some.png"], 0));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0].trim(), "0  none.png  none seen: confirm by eye");
    let count: u64 = lines[1].split_whitespace().next().unwrap().parse().unwrap();
    assert!(count.abs_diff(some.truth.len() as u64) <= 2, "{said}");
    assert!(lines[1].contains("some.png  median diameter 1"), "{said}");
    let said = out(&expect(
        folder.path(),
        &[
            "--lang",
            "zh",
            "colonies",
            "none.png",
            "some.png",
            "--um-per-pixel",
            "10",
            "--diameter-min-um",
            "50",
        ],
        0,
    ));
    assert!(
        said.contains("零：請以目視確認") && said.contains("直徑中位數 1") && said.contains(" µm"),
        "{said}"
    );
}

/// Row Q11. Each page of a file is counted and has its own overlay, with the picture inside the drawing.
#[test]
fn every_page_has_its_overlay() {
    let folder = tempfile::tempdir().unwrap();
    let (few, many) = (plate(21, Stage::Dish, 12), plate(22, Stage::Dish, 40));
    std::fs::write(folder.path().join("stack.tif"), tiff_pages(&[&few, &many], true).unwrap()).unwrap();
    let told = report(folder.path(), &["stack.tif", "--plot", "marks.svg"], 0);
    let counts: Vec<u64> =
        told["images"].as_array().unwrap().iter().map(|page| page["count"].as_u64().unwrap()).collect();
    assert!(counts[0].abs_diff(few.truth.len() as u64) <= 2, "{counts:?}");
    assert!(counts[1].abs_diff(many.truth.len() as u64) <= 3, "{counts:?}");
    for (page, count) in counts.iter().enumerate() {
        let drawing =
            std::fs::read_to_string(folder.path().join(format!("marks-page-{}.svg", page + 1))).unwrap();
        assert!(drawing.contains("<image href=\"data:image/png;base64,iVBOR"));
        assert_eq!(drawing.matches("class=\"colony\"").count() as u64, *count);
    }
    let said = out(&expect(folder.path(), &["colonies", "stack.tif"], 0));
    assert!(said.contains("stack.tif, page 2"), "{said}");
    expect(folder.path(), &["colonies", "stack.tif", "--plot", "marks.png"], 0);
    assert!(std::fs::read(folder.path().join("marks-page-2.png")).unwrap().starts_with(b"\x89PNG"));
}

/// Row Q11. Labelled cells on a second page.
#[test]
fn labelled_cells_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let plate = plate(31, Stage::Dish, 20);
    std::fs::write(folder.path().join("two.tif"), tiff_pages(&[&plate, &plate], false).unwrap()).unwrap();
    let told = report(folder.path(), &["two.tif", "--label-channel", "grey", "--label-page", "2"], 0);
    assert_eq!(told["images"].as_array().unwrap().len(), 1, "the label's page is not counted itself");
    assert!(told["images"][0]["labelled"].is_u64());
    let said = out(&expect(
        folder.path(),
        &["colonies", "two.tif", "--label-channel", "grey", "--label-page", "2"],
        0,
    ));
    assert!(said.contains(" labelled, median diameter"), "{said}");
    let refused = run(folder.path(), &["colonies", "two.tif", "--label-page", "2"]);
    assert_eq!(code(&refused), 2, "a page without a channel says nothing");
    let told = report(folder.path(), &["two.tif", "--label-channel", "grey", "--label-page", "7"], 3);
    assert!(told["images"][0]["count"].is_null());
}

/// Row Q11. A picture that cannot be read is named and the others are counted.
#[test]
fn one_bad_picture_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.png"), b"nothing").unwrap();
    std::fs::write(folder.path().join("b.png"), plate(9, Stage::Dish, 30).png().unwrap()).unwrap();
    let output = run(folder.path(), &["colonies", ".", "--format", "json"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let told: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    assert!(told["images"][0]["count"].is_null() && told["images"][1]["count"].is_u64());
    assert!(err(&output).contains("a.png"), "{}", err(&output));
    let alone = run(folder.path(), &["--lang", "zh", "colonies", "a.png"]);
    assert_eq!(code(&alone), 3);
    assert!(err(&alone).contains("a.png: 不是 PNG"), "{}", err(&alone));
    for words in [
        &["colonies", "b.png", "--diameter-min-px", "3", "--diameter-min-um", "3"][..],
        &["colonies", "b.png", "--diameter-min-um", "30"],
        &["colonies", "b.png", "--diameter-min-px=-1"],
        &["colonies", "b.png", "--um-per-pixel", "0", "--diameter-min-um", "3"],
        &["colonies", "b.png", "--plot", "marks.gif"],
    ] {
        assert_eq!(code(&run(folder.path(), words)), 2, "{words:?}");
    }
}
