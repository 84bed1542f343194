//! Endotoxin, method comparison, residual pluripotent cells and spike-in series from tables: values by
//! hand, what is missing, bad input, the same bits again, both languages.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use vena_base::Lang;
use vena_potency::comparison::PairedCounts;
use vena_potency::endotoxin::Route;
use vena_potency::method::Outcome;
use vena_potency::reports::comparison::Design;
use vena_potency::spikes::LimitRule;
use vena_potency::*;

fn onset(eu: f64) -> f64 {
    10f64.powf(3.0 - 0.25 * eu.log10())
}

/// Standards at 0.005 to 5 EU/mL, a product of 0.02 EU/mL in the well at 1:10 with 0.5 EU/mL added,
/// water that does not react.
fn endotoxin_plate() -> String {
    let mut csv = String::from("task,sample,concentration (EU/mL),onset (s),dilution,well\n");
    let mut well = 0;
    let mut line = |task: &str, sample: &str, eu: &str, time: &str, dilution: &str| {
        well += 1;
        writeln!(csv, "{task},{sample},{eu},{time},{dilution},A{well}").unwrap();
    };
    for (k, eu) in [0.005, 0.05, 0.5, 5.0].into_iter().enumerate() {
        let wobble = 1.0 + 0.004 * if k % 2 == 0 { 1.0 } else { -1.0 };
        for time in [onset(eu) * wobble, onset(eu) / wobble] {
            line("standard", "", &eu.to_string(), &time.to_string(), "");
        }
    }
    for _ in 0..2 {
        line("sample", "Lot 7", "", &onset(0.02).to_string(), "10");
        line("spike", "Lot 7", "0.5", &onset(0.52).to_string(), "10");
        line("blank", "", "", "NR", "");
    }
    csv
}

fn dose() -> EndotoxinOptions {
    EndotoxinOptions { dose_ml: Some(50.0), weight_kg: Some(60.0), ..EndotoxinOptions::default() }
}

/// Rows Q7, L4. 0.02 EU/mL at 1:10, 50 mL, 60 kg: 0.167 EU/kg; the limit for this patient is
/// 5 × 60 / 50 = 6 EU/mL, the largest valid dilution 6 / 0.005 = 1200.
#[test]
fn endotoxin_by_hand() {
    let csv = endotoxin_plate();
    let r = analyse_endotoxin(csv.as_bytes(), &dose()).unwrap();
    let s = &r.samples[0];
    assert!((s.eu_per_ml.unwrap() - 0.2).abs() < 1e-3 && (s.eu_per_dose.unwrap() - 10.0).abs() < 0.05);
    assert!((s.eu_per_kg_per_hour.unwrap() - 10.0 / 60.0).abs() < 1e-3);
    assert!((s.recovery_percent.unwrap() - 100.0).abs() < 1.0);
    assert!((s.limit_eu_per_ml.unwrap() - 6.0).abs() < 1e-12);
    assert!((s.maximum_valid_dilution.unwrap() - 1200.0).abs() < 1e-6);
    assert!(s.suitable && r.suitable && s.missing.is_empty());
    assert_eq!((r.input_sha256.len(), r.method.id.as_str()), (64, "assays/qpcr/endotoxin"));
    let again = analyse_endotoxin(csv.as_bytes(), &dose()).unwrap();
    assert_eq!(serde_json::to_string(&r).unwrap(), serde_json::to_string(&again).unwrap());
    assert_eq!(endotoxin_svg(&r, Lang::ZhTw), endotoxin_svg(&again, Lang::ZhTw));
    assert!(
        endotoxin_svg(&r, Lang::ZhTw).contains("內毒素")
            && endotoxin_svg(&r, Lang::En).contains("class=\"point\"")
    );
}

/// Rows Q7, L4. Without the weight no verdict; a dilution beyond the largest valid one, a reacting
/// blank, a spike that is not recovered: not suitable, each by name.
#[test]
fn endotoxin_what_spoils_it() {
    let csv = endotoxin_plate();
    let outcome =
        |r: &EndotoxinReport, id: &str| r.suitability.iter().find(|v| v.criterion.id == id).unwrap().outcome;
    let bare = analyse_endotoxin(csv.as_bytes(), &EndotoxinOptions::default()).unwrap();
    assert_eq!(outcome(&bare, "parenteral-limit"), Outcome::NotAssessable);
    assert_eq!(outcome(&bare, "maximum-valid-dilution"), Outcome::NotAssessable);
    assert!(!bare.suitable && bare.samples[0].missing.iter().any(|m| m.zh_tw == "體重"));
    let diluted = csv.replace(",10,A", ",2000,A");
    let far = analyse_endotoxin(diluted.as_bytes(), &dose()).unwrap();
    assert_eq!(outcome(&far, "maximum-valid-dilution"), Outcome::NotMet);
    let dirty = csv.replace("NR", &onset(0.05).to_string());
    assert_eq!(
        outcome(&analyse_endotoxin(dirty.as_bytes(), &dose()).unwrap(), "negative-controls"),
        Outcome::NotMet
    );
    let no_blank: String =
        csv.lines().filter(|l| !l.starts_with("blank")).map(|l| format!("{l}\n")).collect();
    let r = analyse_endotoxin(no_blank.as_bytes(), &dose()).unwrap();
    assert_eq!(outcome(&r, "negative-controls"), Outcome::NotAssessable);
    let intrathecal = EndotoxinOptions { route: Route::Intrathecal, dose_ml: Some(100.0), ..dose() };
    let r = analyse_endotoxin(csv.as_bytes(), &intrathecal).unwrap();
    assert_eq!(outcome(&r, "intrathecal-limit"), Outcome::NotMet);
}

/// Rows Q7, L4. Tables of wells that cannot be.
#[test]
fn endotoxin_bad_input() {
    let head = "task,sample,concentration,onset,dilution,well\n";
    for (rows, expected) in [
        ("standard,,0,100,,A1\n", "line 2: endotoxin in EU/mL is 0"),
        ("standard,,,100,,A1\n", "line 2: endotoxin in EU/mL is missing"),
        ("standard,,0.5,-3,,A1\n", "line 2: onset time is -3"),
        ("calibrator,,0.5,100,,A1\n", "line 2: \"calibrator\" is no task"),
        ("standard,,0.5,100,,A1\nstandard,,0.5,100,,a1\n", "line 3: well a1"),
        ("standard,,0.5,100,,A1\nstandard,,5,50,,A2\nstandard,,5,51,,A3\n", "no row of a sample"),
        ("standard,,0.5,100,,A1\nsample,x,,90,1,A2\n", "1 level of the standard"),
        (
            "standard,,0.5,100,,A1\nstandard,,5,50,,A2\nstandard,,5,50,,A3\nspike,x,0.5,80,1,A4\nspike,x,1,80,1,A5\n",
            "sample x: spiked wells with 0.5 and 1",
        ),
        (
            "standard,,0.5,100,,A1\nstandard,,5,50,,A2\nstandard,,5,50,,A3\nsample,x,,80,1,A4\nsample,x,,80,10,A5\n",
            "dilutions 1 and 10",
        ),
        (
            "standard,,0.5,100,,A1\nstandard,,5,100,,A2\nstandard,,5,100,,A3\nsample,x,,80,1,A4\n",
            "does not change",
        ),
    ] {
        let error = analyse_endotoxin(format!("{head}{rows}").as_bytes(), &dose()).unwrap_err();
        assert!(error.to_string().contains(expected), "{rows}: {error}");
        assert!(error.message(Lang::ZhTw).chars().any(|c| c > '\u{4e00}'), "{error}");
    }
    let bad = EndotoxinOptions { weight_kg: Some(-1.0), ..dose() };
    assert!(
        analyse_endotoxin(endotoxin_plate().as_bytes(), &bad)
            .unwrap_err()
            .to_string()
            .contains("body weight")
    );
}

/// Rows Q9, L4. McNemar on 1 against 7 (exact 18/256, mid-p 10/256), from single rows and from a
/// two-by-two table alike; levels have their own shares.
#[test]
fn comparison_by_hand() {
    let counts = PairedCounts { both: 80, only_alternative: 1, only_compendial: 7, neither: 12 };
    let r = analyse_comparison(counts.to_csv().as_bytes(), &ComparisonOptions::default()).unwrap();
    let mcnemar = r.comparison.mcnemar.unwrap();
    assert!((mcnemar.exact_p - 18.0 / 256.0).abs() < 1e-12 && (mcnemar.mid_p - 10.0 / 256.0).abs() < 1e-12);
    assert_eq!((r.design, r.counts), (Design::Paired, Some(counts)));
    assert!((r.comparison.difference + 0.06).abs() < 1e-12);
    assert!(r.comparison.non_inferior && r.comparison.equivalent && r.conclusion.zh_tw.contains("相等"));
    let mut single = String::from("sample;level (CFU);alternative;compendial\n");
    for (number, level, a, c) in [(80, 5, "+", "+"), (1, 5, "+", "-"), (7, 1, "-", "+"), (12, 1, "-", "-")] {
        for k in 0..number {
            writeln!(single, "s{k};{level};{a};{c}").unwrap();
        }
    }
    let s = analyse_comparison(single.as_bytes(), &ComparisonOptions::default()).unwrap();
    assert_eq!(s.comparison, r.comparison);
    assert_eq!((s.rates.len(), s.level_unit.as_deref()), (6, Some("CFU")));
    let low = s.rates.iter().find(|r| r.level == Some(1.0) && r.method == "compendial").unwrap();
    assert_eq!((low.positive, low.tested), (7, 19));
    assert!(low.low < 7.0 / 19.0 && low.high > 7.0 / 19.0);
    // A narrower margin, stated by the plan, is not reached.
    let strict = ComparisonOptions { margin: Some(0.05), ..ComparisonOptions::default() };
    let strict = analyse_comparison(counts.to_csv().as_bytes(), &strict).unwrap();
    assert!(!strict.comparison.non_inferior && strict.flags.is_empty());
    assert!(comparison_svg(&r, Lang::ZhTw).contains("界限"));
}

/// Rows Q9, L4. Separate samples; few samples show nothing and are too few.
#[test]
fn comparison_of_separate_samples() {
    let csv = "method,result,count\nalternative,positive,4\nalternative,negative,1\ncompendial,positive,4\ncompendial,negative,1\n";
    let r = analyse_comparison(csv.as_bytes(), &ComparisonOptions::default()).unwrap();
    assert_eq!((r.design, r.comparison.difference), (Design::Separate, 0.0));
    assert!(!r.comparison.equivalent && !r.suitable && r.comparison.mcnemar.is_none());
    assert!(r.conclusion.en.contains("not shown"));
}

/// Rows Q9, L4. Tables of results that cannot be.
#[test]
fn comparison_bad_input() {
    let options = ComparisonOptions::default();
    for (csv, expected) in [
        ("alternative,compendial\nmaybe,positive\n", "line 2: \"maybe\" is no result"),
        ("alternative,compendial\n,positive\n", "no usable row"),
        ("alternative,compendial,count\npositive,positive,-1\n", "number of samples is -1"),
        ("alternative,compendial,count\npositive,positive,1.5\n", "number of samples is 1.5"),
        ("alternative,compendial,count\npositive,positive,2000000\n", "2000000 samples"),
        ("alternative\npositive\n", "no column for result of the compendial"),
        ("a,b\n1,2\n", "no column for method"),
        ("method,result\nalternative,positive\n", "no result of the compendial method"),
        ("method,result\nthird,positive\n", "\"third\" is no method"),
    ] {
        let error = analyse_comparison(csv.as_bytes(), &options).unwrap_err();
        assert!(error.to_string().contains(expected), "{csv}: {error}");
        assert!(error.message(Lang::ZhTw).chars().any(|c| c > '\u{4e00}'), "{error}");
    }
    let counts = PairedCounts { both: 5, only_alternative: 0, only_compendial: 0, neither: 0 };
    let zero = ComparisonOptions { margin: Some(0.0), ..options };
    assert!(analyse_comparison(counts.to_csv().as_bytes(), &zero).is_err());
}

const CULTURES: &str = "task,sample,cells plated,spiked cells,colonies\n\
spike,,1e6,100,20\nspike,,1e6,300,60\nblank,,1e6,,0\nblank,,1e6,,0\nsample,Lot 7,5e5,,0\nsample,Lot 7,5e5,,0\nsample,Lot 8,1e6,,4\n";

/// Rows Q12, L4. 80 colonies of 400 cells: efficiency 0.2; none among 10⁶: limit 2.9957/(0.2 × 10⁶).
#[test]
fn culture_by_hand() {
    let options = CultureOptions { dose_cells: Some(1e8), ..CultureOptions::default() };
    let r = analyse_culture(CULTURES.as_bytes(), &options).unwrap();
    let (none, some) = (&r.samples[0], &r.samples[1]);
    assert_eq!(
        (none.cultures, none.finding.colonies, none.positive, none.finding.efficiency),
        (2, 0, false, 0.2)
    );
    assert!((none.finding.detection_limit - 2.995_732_273_553_991 / 2e5).abs() < 1e-15);
    assert!((none.times_below_published - 1e-5 / none.finding.detection_limit).abs() < 1e-12);
    assert!(
        (none.residual_per_dose_upper.unwrap() - none.finding.residual_upper.unwrap() * 1e8).abs() < 1e-6
    );
    assert!(none.conclusion.en.contains("still allows") && none.conclusion.zh_tw.contains("仍可能"));
    assert!(some.positive && (some.finding.residual_fraction.unwrap() - 2e-5).abs() < 1e-15);
    assert!(culture_svg(&r, Lang::En).contains("<polyline"));
    // Colonies in blanks raise the cut-off.
    let dirty = CULTURES.replace("blank,,1e6,,0", "blank,,1e6,,2");
    let dirty = analyse_culture(dirty.as_bytes(), &options).unwrap();
    assert!(dirty.samples[1].finding.positive_from > 4 && !dirty.samples[1].positive);
}

/// Rows Q12, L4. Without blanks or an efficiency there is no answer.
#[test]
fn culture_bad_input() {
    let without = |start: &str| -> String {
        CULTURES.lines().filter(|l| !l.starts_with(start)).map(|l| format!("{l}\n")).collect()
    };
    for (csv, expected) in [
        (without("blank"), "no blank culture"),
        (without("spike"), "no spiked culture"),
        (without("sample"), "no culture of a product"),
        (CULTURES.replace("100,20", ",20"), "line 2: spiked cells is missing"),
        (CULTURES.replace("100,20", "0,20"), "line 2: spiked cells is 0"),
        (CULTURES.replace("1e6,,4", ",,4"), "line 8: cells plated is missing"),
        (CULTURES.replace("1e6,,4", "1e6,,4.5"), "colonies is 4.5"),
        (CULTURES.replace("blank", "nothing"), "is no task"),
    ] {
        let error = analyse_culture(csv.as_bytes(), &CultureOptions::default()).unwrap_err();
        assert!(error.to_string().contains(expected), "{csv}: {error}");
        assert!(error.message(Lang::ZhTw).chars().any(|c| c > '\u{4e00}'), "{error}");
    }
}

const SERIES: &str = "well,spike (%),cells plated,colonies\n\
A1,0,100000,1\nA2,0,100000,2\nA3,0,100000,3\nA4,0,100000,2\nB1,0.001,100000,4\nB2,0.001,100000,3\n\
C1,0.01,100000,5\nC2,0.01,100000,4\nC3,0.01,100000,6\nC4,0.01,100000,4\nD1,0.1,100000,50\nD2,0.1,100000,60\n";

fn of(report: &SeriesReport, rule: LimitRule) -> &reports::series::RuleLimit {
    report.limits.iter().find(|l| l.rule == rule).unwrap()
}

/// Rows Q11, L4. Blanks 1, 2, 3, 2: decision limit 2 + 3 √(2/3) = 4.449; 0.01 % (mean 4.75) is above
/// it, 0.001 % (3.5) is not. Every rule stands beside the published limits.
#[test]
fn series_by_hand() {
    let r = analyse_series(SERIES.as_bytes(), &SeriesOptions::default()).unwrap();
    assert!((r.decision_limit - (2.0 + 3.0 * (2.0f64 / 3.0).sqrt())).abs() < 1e-12);
    let blank = of(&r, LimitRule::BlankDeviations);
    assert_eq!(blank.limit_percent, Some(0.01));
    let written: Vec<&str> = blank.compared.iter().map(|c| c.limit_percent.as_str()).collect();
    assert_eq!(written, ["0.02", "0.00001"]);
    assert!((blank.compared[0].times_lower - 2.0).abs() < 1e-12);
    // 136 colonies in 8 wells, 16 of them expected of blanks, from 10⁵ × 0.242 % = 242 spiked cells.
    let poisson = of(&r, LimitRule::Poisson);
    assert!((poisson.efficiency.unwrap() - 120.0 / 242.0).abs() < 1e-12);
    assert!(
        (poisson.limit_percent.unwrap() - 2.995_732_273_553_991 / (120.0 / 242.0 * 1e5) * 100.0).abs()
            < 1e-12
    );
    assert!(poisson.interval.low.unwrap() < poisson.limit_percent.unwrap());
    assert!(poisson.interval.high.unwrap() > poisson.limit_percent.unwrap());
    // 0 of 2, 2 of 4, 2 of 2 wells above the decision limit: a probit line exists.
    let detected: Vec<u64> = r.levels.iter().map(|l| l.detected).collect();
    assert_eq!(detected, [0, 0, 2, 2]);
    let probit = of(&r, LimitRule::Probit);
    assert!(probit.refusal.is_some() || probit.limit_percent.unwrap() > 0.01, "{probit:?}");
    let svg = series_svg(&r, Lang::ZhTw);
    assert!(svg.contains("判定界限") && !svg.contains("NaN"));
    // Spiked cells in place of percent.
    let cells = SERIES
        .replace("spike (%)", "spiked cells")
        .replace(",0.001,", ",1,")
        .replace(",0.01,", ",10,")
        .replace(",0.1,", ",100,");
    let by_cells = analyse_series(cells.as_bytes(), &SeriesOptions::default()).unwrap();
    assert!(
        (of(&by_cells, LimitRule::Poisson).limit_percent.unwrap() / poisson.limit_percent.unwrap() - 1.0)
            .abs()
            < 1e-12
    );
}

/// Rows Q11, L4. The same series with its counts from pictures, well by well.
#[test]
fn series_with_counts_from_pictures() {
    let map: String = SERIES.lines().map(|l| format!("{}\n", l.rsplit_once(',').unwrap().0)).collect();
    let counts: Vec<WellCount> = SERIES
        .lines()
        .skip(1)
        .map(|l| WellCount {
            plate: "plate.tif".into(),
            well: l.split(',').next().unwrap().to_lowercase(),
            count: l.rsplit(',').next().unwrap().parse().ok(),
            source_sha256: "0".repeat(64),
        })
        .collect();
    let options = SeriesOptions { counts: counts.clone(), ..SeriesOptions::default() };
    let from_pictures = analyse_series(map.as_bytes(), &options).unwrap();
    let from_table = analyse_series(SERIES.as_bytes(), &SeriesOptions::default()).unwrap();
    assert_eq!(from_pictures.limits, from_table.limits);
    assert_eq!(from_pictures.options.counts[0].source_sha256.len(), 64);
    // A well without a number is left out and said, never 0.
    let mut uncounted = counts.clone();
    uncounted[11].count = None;
    let r = analyse_series(map.as_bytes(), &SeriesOptions { counts: uncounted, ..SeriesOptions::default() })
        .unwrap();
    assert_eq!(r.wells.without_count, ["D2"]);
    assert!(r.flags.iter().any(|f| f.code == "wells-without-count"));
    let missing = SeriesOptions { counts: counts[1..].to_vec(), ..SeriesOptions::default() };
    let error = analyse_series(map.as_bytes(), &missing).unwrap_err();
    assert!(error.to_string().contains("line 2: no picture has the well A1"), "{error}");
    let twice = SeriesOptions { counts: [counts.clone(), counts].concat(), ..SeriesOptions::default() };
    assert!(matches!(analyse_series(map.as_bytes(), &twice), Err(SeriesError::WellInSeveral { .. })));
}

/// Rows Q11, L4. Series that cannot be.
#[test]
fn series_bad_input() {
    for (csv, expected) in [
        (SERIES.replace("A2,0,", "A2,-1,"), "line 3: spike in percent is -1"),
        (SERIES.replace("D1,0.1,", "D1,101,"), "at most all cells"),
        (SERIES.replace("A2,", "A1,"), "line 3: well A1"),
        (
            SERIES.replace("well,spike (%),cells plated,colonies", "x,spike (%),cells plated,y"),
            "neither a column of colonies",
        ),
        (SERIES.lines().filter(|l| !l.starts_with('A')).map(|l| format!("{l}\n")).collect(), "0 blank wells"),
        (SERIES.replace(",0.001,", ",0,").replace(",0.01,", ",0,").replace(",0.1,", ",0,"), "no spiked well"),
    ] {
        let error = analyse_series(csv.as_bytes(), &SeriesOptions::default()).unwrap_err();
        assert!(error.to_string().contains(expected), "{csv}: {error}");
        assert!(error.message(Lang::ZhTw).chars().any(|c| c > '\u{4e00}'), "{error}");
    }
}

/// Rows Q12, Q15. What people read: the margin of the method file in percent, shares without a computer's exponent, and
/// the picture of the endotoxin curve with its unit of time.
#[test]
fn numbers_and_axes_are_written_for_people() {
    let compared = analyse_comparison(
        PairedCounts { both: 90, only_alternative: 3, only_compendial: 4, neither: 3 }.to_csv().as_bytes(),
        &ComparisonOptions::default(),
    )
    .unwrap();
    let margin = compared.flags.iter().find(|flag| flag.code == "margin-of-the-method-file").unwrap();
    assert!(margin.text.zh_tw.starts_with("界限 20 % "), "{}", margin.text.zh_tw);
    assert!(margin.text.en.contains("20 %"), "{}", margin.text.en);

    let report = analyse_endotoxin(endotoxin_plate().as_bytes(), &dose()).unwrap();
    for (lang, label) in [(Lang::En, "onset time (s)"), (Lang::ZhTw, "反應時間（s）")] {
        assert!(endotoxin_svg(&report, lang).contains(label), "{label}");
    }
    let without = endotoxin_plate().replace("onset (s)", "onset");
    let report = analyse_endotoxin(without.as_bytes(), &dose()).unwrap();
    assert!(endotoxin_svg(&report, Lang::En).contains(">onset time<"), "no unit is made up");
}
