//! Panels at, just below and just above each limit, and with each marker missing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use vena_flow::{
    Combine, Comparison, CountError, MarkerObservation, Outcome, Panel, Verdict, absolute_count, panels,
    viability,
};

const OF: u64 = 1_000_000;

fn observation(marker: &str, count: u64) -> MarkerObservation {
    MarkerObservation { marker: marker.to_owned(), count, of: OF, from: format!("/{marker}") }
}

/// The smallest or largest count within a limit such as "95" (percent of OF).
fn limit_count(panel: &Panel, index: usize) -> u64 {
    let percent: f64 = panel.criteria[index].value.as_ref().unwrap().parse().unwrap();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let count = (percent * 10_000.0).round() as u64;
    count
}

fn at_limits(panel: &Panel) -> Vec<MarkerObservation> {
    panel
        .criteria
        .iter()
        .enumerate()
        .filter(|(_, criterion)| criterion.comparison != Comparison::Report)
        .map(|(index, criterion)| observation(&criterion.marker, limit_count(panel, index)))
        .collect()
}

/// Row Q10. Every ready panel reads, names its sources and both languages.
#[test]
fn ready_panels_read() {
    let panels = panels().unwrap();
    assert_eq!(panels.len(), 4);
    for panel in &panels {
        assert!(!panel.sources.is_empty() && !panel.criteria.is_empty());
        assert!(
            panel.criteria.iter().all(|criterion| !criterion.en.is_empty() && !criterion.zh_tw.is_empty())
        );
        assert_eq!(panel.status, "provisional");
    }
    let msc = &panels[0];
    let limits = |comparison| {
        msc.criteria
            .iter()
            .filter(|criterion| criterion.comparison == comparison)
            .map(|criterion| (criterion.marker.as_str(), criterion.value.as_deref().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(limits(Comparison::AtLeast), [("CD105", "95"), ("CD73", "95"), ("CD90", "95")]);
    assert_eq!(
        limits(Comparison::AtMost),
        [("CD45", "2"), ("CD34", "2"), ("CD11b", "2"), ("CD19", "2"), ("HLA-DR", "2")]
    );
    let pluripotent = &panels[1];
    assert!(pluripotent.criteria.iter().take(4).all(|criterion| criterion.value.as_deref() == Some("70")));
    assert_eq!(pluripotent.criteria[4].value.as_deref(), Some("15"));
}

/// Row Q10. Exactly at each limit a panel is met; one event beyond it is not;
/// each marker missing makes it not assessable and is named.
#[test]
fn limits_hold_to_the_event_and_missing_is_never_normal() {
    for panel in panels().unwrap().iter().filter(|panel| panel.combine == Combine::All) {
        let met = at_limits(panel);
        assert_eq!(panel.evaluate(&met).verdict, Verdict::Meets, "{}", panel.id);
        for (index, own) in met.iter().enumerate() {
            let criterion = panel.criteria.iter().find(|criterion| criterion.marker == own.marker).unwrap();
            let mut beyond = met.clone();
            beyond[index].count =
                if criterion.comparison == Comparison::AtLeast { own.count - 1 } else { own.count + 1 };
            let report = panel.evaluate(&beyond);
            assert_eq!(report.verdict, Verdict::DoesNotMeet);
            assert!(report.criteria.iter().any(|outcome| outcome.marker == own.marker
                && outcome.outcome == Outcome::NotMet
                && outcome.because_zh_tw.contains("不符合")));
            let mut inside = met.clone();
            inside[index].count =
                if criterion.comparison == Comparison::AtLeast { own.count + 1 } else { own.count - 1 };
            assert_eq!(panel.evaluate(&inside).verdict, Verdict::Meets);
            let mut without = met.clone();
            without.remove(index);
            let report = panel.evaluate(&without);
            assert_eq!(report.verdict, Verdict::NotAssessable);
            assert_eq!(report.missing, std::slice::from_ref(&own.marker));
            // A miss elsewhere decides, whatever is missing.
            let mut missed = without.clone();
            if let Some(first) = missed.first_mut() {
                let at_least = panel.criteria.iter().any(|criterion| {
                    criterion.marker == first.marker && criterion.comparison == Comparison::AtLeast
                });
                first.count = if at_least { 0 } else { OF };
                assert_eq!(panel.evaluate(&missed).verdict, Verdict::DoesNotMeet);
            }
        }
    }
}

/// Row Q10. A reason names the population a share was taken of, whatever the panel asks for.
#[test]
fn a_reason_names_the_population_it_rests_on() {
    let panel = panels().unwrap().remove(0);
    let reason = |from: &str| {
        let seen = MarkerObservation { marker: "CD105".into(), count: 96, of: 100, from: from.into() };
        let report = panel.evaluate(&[seen]);
        (report.criteria[0].because_en.clone(), report.criteria[0].because_zh_tw.clone())
    };
    let (en, zh_tw) = reason("/Cells/Viable/CD105");
    assert!(
        en.contains("(96 / 100 within /Cells/Viable)") && zh_tw.contains("於 /Cells/Viable 內"),
        "{en} {zh_tw}"
    );
    let (en, zh_tw) = reason("/CD105");
    assert!(en.contains("within all events") && zh_tw.contains("於全部事件內"), "{en} {zh_tw}");
}

/// Row L4. B-cell recovery: either share decides; both below is no recovery;
/// one below and the other missing is not assessable.
#[test]
fn b_cell_recovery_takes_either_share() {
    let panel = panels().unwrap().remove(3);
    assert_eq!(panel.combine, Combine::Any);
    let verdict = |leucocytes: Option<u64>, lymphocytes: Option<u64>| {
        let seen: Vec<_> = leucocytes
            .map(|count| observation("CD19 of leucocytes", count))
            .into_iter()
            .chain(lymphocytes.map(|count| observation("B cells of lymphocytes", count)))
            .collect();
        panel.evaluate(&seen).verdict
    };
    assert_eq!(verdict(Some(10_000), None), Verdict::Meets);
    assert_eq!(verdict(Some(9_999), None), Verdict::NotAssessable);
    assert_eq!(verdict(None, Some(30_000)), Verdict::Meets);
    assert_eq!(verdict(Some(9_999), Some(29_999)), Verdict::DoesNotMeet);
    assert_eq!(verdict(None, None), Verdict::NotAssessable);
}

/// Row Q10. Names: case, hyphens and a closing plus do not matter; a negative
/// gate is not its marker; two gates of one name that differ are not guessed at.
#[test]
fn marker_names_are_matched_not_guessed() {
    let panel = panels().unwrap().remove(0);
    let outcome = |seen: &[MarkerObservation]| panel.evaluate(seen).criteria[0].outcome;
    assert_eq!(outcome(&[observation("cd-105+", 960_000)]), Outcome::Met);
    assert_eq!(outcome(&[observation("CD105-", 960_000)]), Outcome::Missing);
    assert_eq!(outcome(&[observation("CD1050", 960_000)]), Outcome::Missing);
    assert_eq!(outcome(&[observation("CD105", 960_000), observation("CD105+", 10)]), Outcome::Missing);
    let empty = MarkerObservation { of: 0, ..observation("CD105", 0) };
    assert_eq!(outcome(&[empty]), Outcome::Missing);
}

/// Row Q10. Panels that contradict themselves are refused.
#[test]
fn bad_panels_are_refused() {
    let text = vena_flow::panel_texts()[0].1;
    let refused =
        |from: &str, to: &str| Panel::from_toml(&text.replacen(from, to, 1)).unwrap_err().to_string();
    assert!(refused("value = \"95\"", "value = \"a lot\"").contains("no decimal"));
    assert!(refused("value = \"95\"", "value = \"195\"").contains("between 0 and 100"));
    assert!(refused("unit = \"%\"", "unit = \"1\"").contains("unit"));
    assert!(refused("source = \"isct-2006\"", "source = \"hearsay\"").contains("source"));
    assert!(refused("comparison = \">=\"", "comparison = \"=>\"").contains("comparison"));
    assert!(refused("id = \"cd73\"", "id = \"cd105\"").contains("twice"));
}

/// Row L4. Beads to cells per microlitre, by hand: 5,000 cells among 10,000 of
/// 50,000 beads in 100 µL are 250 per µL.
#[test]
fn beads_give_cells_per_microlitre() {
    let count = absolute_count(5_000, 10_000, 50_000.0, 100.0, 1.0).unwrap();
    assert!((count.cells_per_microlitre - 250.0).abs() < 1e-9);
    assert!(
        (count.relative_standard_error.unwrap() - (1.0f64 / 5_000.0 + 1.0 / 10_000.0).sqrt()).abs() < 1e-12
    );
    assert!(
        (absolute_count(5_000, 10_000, 50_000.0, 100.0, 4.0).unwrap().cells_per_microlitre - 1_000.0).abs()
            < 1e-9
    );
    assert_eq!(absolute_count(5, 0, 50_000.0, 100.0, 1.0), Err(CountError::NoBeads));
    assert!(matches!(absolute_count(5, 5, 50_000.0, 0.0, 1.0), Err(CountError::NotPositive { .. })));
    assert!(matches!(absolute_count(5, 5, f64::NAN, 100.0, 1.0), Err(CountError::NotPositive { .. })));
    let (low, high) = count.interval;
    assert!(low < 250.0 && high > 250.0 && (low * high - 250.0 * 250.0).abs() < 1e-6);
    let none = absolute_count(0, 10_000, 50_000.0, 100.0, 1.0).unwrap();
    assert_eq!((none.cells_per_microlitre, none.relative_standard_error), (0.0, None));
    assert!((none.interval.1 - 3.688_879_454 * 0.05).abs() < 1e-9, "0 cells still allow some");
}

/// Row Q10. Viability from a dead-cell dye.
#[test]
fn viability_is_the_share_without_dye() {
    assert_eq!(viability(30, 100).unwrap().percent, 70.0);
    assert_eq!(viability(0, 0), Err(CountError::NoEvents));
    assert_eq!(viability(3, 2), Err(CountError::PartExceedsWhole { part: 3, whole: 2 }));
}
