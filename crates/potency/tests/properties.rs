//! What must hold for every curve and every file: exact data give back their parameters, units do not
//! matter, order does not matter, and no bytes cause a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use vena_potency::curve::{CurveModel, CurveParameters, Observation};
use vena_potency::fit::{Information, fit_curve};
use vena_potency::fuzz::{fuzz_potency_csv, fuzz_qpcr_csv, fuzz_small_tables};
use vena_potency::interval::Ratio;
use vena_potency::joint::{Shared, fit_joint};
use vena_potency::limits::{clopper_pearson, poisson_interval, proportion_upper_limit};
use vena_potency::relative::relative_potency;
use vena_potency::{PotencyOptions, analyse_potency};

fn curve() -> impl Strategy<Value = CurveParameters> {
    (prop_oneof![0.6..3.0f64, -3.0..-0.6f64], -2.0..2.0f64, 0.5..20.0f64, -1.5..1.5f64)
        .prop_map(|(b, c, range, log_e)| CurveParameters { b, c, d: c + range, e: 10f64.powf(log_e), g: 1.0 })
}

/// Close enough that the steepest curve has doses on its slope wherever its middle lies.
const DOSES: [f64; 16] =
    [0.001, 0.01, 0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 150.0, 1000.0];

fn exact(p: &CurveParameters) -> Vec<Observation> {
    DOSES.iter().flat_map(|d| [Observation::new(*d, p.response(*d)); 2]).collect()
}

/// A fixed wobble, so that a fit has residuals without randomness.
fn wobbly(p: &CurveParameters, size: f64) -> Vec<Observation> {
    let mut o = exact(p);
    for (k, o) in o.iter_mut().enumerate() {
        o.response += size * (p.d - p.c) * (f64::from((k * 7 % 11) as u32) / 5.0 - 1.0);
    }
    o
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Row Q15. Exact data give back their parameters, rising or falling.
    #[test]
    fn exact_data_give_back_the_curve(p in curve()) {
        let fit = fit_curve(CurveModel::FourParameter, &exact(&p), Information::Observed).unwrap();
        let q = fit.parameters;
        for (a, b) in [(q.b, p.b), (q.c, p.c), (q.d, p.d), (q.e, p.e)] {
            prop_assert!((a - b).abs() < 1e-5 * (1.0 + b.abs()), "{q:?} {p:?}");
        }
    }

    /// Row Q15. Other units of dose and response change e, c and d and nothing else.
    #[test]
    fn units_do_not_matter(p in curve(), dose_unit in 1e-3..1e3f64, response_unit in 1e-2..1e4f64) {
        let o = wobbly(&p, 0.03);
        let scaled: Vec<Observation> = o.iter().map(|o| Observation {
            log_dose: o.log_dose + dose_unit.ln(), response: o.response * response_unit, weight: o.weight,
        }).collect();
        let a = fit_curve(CurveModel::FourParameter, &o, Information::Observed).unwrap();
        let b = fit_curve(CurveModel::FourParameter, &scaled, Information::Observed).unwrap();
        prop_assert!((a.parameters.b - b.parameters.b).abs() < 1e-5 * a.parameters.b.abs());
        prop_assert!((a.parameters.e * dose_unit / b.parameters.e - 1.0).abs() < 1e-5);
        prop_assert!((a.standard_error(0) / b.standard_error(0) - 1.0).abs() < 1e-4);
    }

    /// Row Q15. The order of the wells does not matter; weight 2 is a well twice.
    #[test]
    fn order_and_weights(p in curve(), shift in 1usize..31) {
        let o = wobbly(&p, 0.03);
        let mut turned = o.clone();
        turned.rotate_left(shift);
        let a = fit_curve(CurveModel::FourParameter, &o, Information::Observed).unwrap();
        let b = fit_curve(CurveModel::FourParameter, &turned, Information::Observed).unwrap();
        prop_assert!((a.rss / b.rss - 1.0).abs() < 1e-9);
        prop_assert!((a.parameters.e / b.parameters.e - 1.0).abs() < 1e-6);
        let heavy: Vec<Observation> = o.iter().map(|o| Observation { weight: 2.0, ..*o }).collect();
        let twice: Vec<Observation> = o.iter().chain(&o).copied().collect();
        let h = fit_curve(CurveModel::FourParameter, &heavy, Information::Observed).unwrap();
        let t = fit_curve(CurveModel::FourParameter, &twice, Information::Observed).unwrap();
        prop_assert!((h.rss / t.rss - 1.0).abs() < 1e-9);
        prop_assert!((h.parameters.b - t.parameters.b).abs() < 1e-6);
    }

    /// Row Q15. The minimum is a minimum: no nearby curve has a lower sum of squares.
    #[test]
    fn no_neighbour_is_better(p in curve(), slot in 0usize..4, step in prop_oneof![-0.02..-0.002f64, 0.002..0.02f64]) {
        let o = wobbly(&p, 0.04);
        let fit = fit_curve(CurveModel::FourParameter, &o, Information::Observed).unwrap();
        let mut q = fit.parameters;
        let place: &mut f64 = match slot { 0 => &mut q.b, 1 => &mut q.c, 2 => &mut q.d, _ => &mut q.e };
        *place += step * place.abs().max(0.1);
        let rss: f64 = o.iter().map(|o| (o.response - q.response(o.log_dose.exp())).powi(2)).sum();
        prop_assert!(rss >= fit.rss);
    }

    /// Row Q15. A sample diluted by a factor has that factor as potency, inside every interval.
    #[test]
    fn dilution_is_potency(p in curve(), potency in 0.3..3.0f64) {
        let sample = CurveParameters { e: p.e / potency, ..p };
        let curves = [wobbly(&p, 0.02), wobbly(&sample, 0.02)];
        let fit = fit_joint(CurveModel::FourParameter, &curves, Shared::PARALLEL, Information::Observed).unwrap();
        let r = relative_potency(&fit, &curves, 0, 1, 0.95);
        prop_assert!((r.estimate / potency - 1.0).abs() < 0.15, "{} {potency}", r.estimate);
        for i in [r.delta, r.delta_log, r.fieller, r.profile_likelihood] {
            prop_assert!(i.low.unwrap() < r.estimate && r.estimate < i.high.unwrap());
        }
    }

    /// Row Q15. A fitted five-parameter curve is never worse than the four-parameter one.
    #[test]
    fn five_parameters_fit_at_least_as_well(p in curve()) {
        let o = wobbly(&p, 0.02);
        let four = fit_curve(CurveModel::FourParameter, &o, Information::Expected).unwrap();
        if let Ok(five) = fit_curve(CurveModel::FiveParameter, &o, Information::Expected) {
            prop_assert!(five.rss <= four.rss * (1.0 + 1e-6), "{} {}", five.rss, four.rss);
        }
    }

    /// Row Q15. Exact asymmetric data are met by the five-parameter curve.
    #[test]
    fn asymmetric_data_are_met(p in curve(), log_g in -0.7..0.9f64) {
        let p = CurveParameters { g: log_g.exp(), ..p };
        let o: Vec<Observation> = DOSES.iter().flat_map(|d| [Observation::new(*d, p.response(*d)); 2]).collect();
        let fit = fit_curve(CurveModel::FiveParameter, &o, Information::Expected).unwrap();
        let size: f64 = o.iter().map(|o| (o.response - p.c).powi(2)).sum();
        prop_assert!(fit.rss < 1e-12 * size, "{:?} {:?} {}", p, fit.parameters, fit.rss / size);
        prop_assert!((fit.parameters.half_maximal_dose() / p.half_maximal_dose() - 1.0).abs() < 1e-3);
    }

    /// Row Q15. Fieller holds the estimate and every limit of it, whenever it is bounded.
    #[test]
    fn fieller_holds_the_estimate(n in -5.0..5.0f64, d in 0.5..5.0f64, vn in 0.0..1.0f64, vd in 0.0..1.0f64, t in 1.0..3.0f64) {
        let r = Ratio { numerator: n, denominator: d, numerator_variance: vn, denominator_variance: vd, covariance: 0.0 };
        let i = r.fieller(t);
        if let (Some(low), Some(high)) = (i.low, i.high) {
            prop_assert!(low <= r.estimate() + 1e-9 && r.estimate() <= high + 1e-9);
        }
    }

    /// Rows Q9, Q12. Exact limits hold the estimate and fall with more tests.
    #[test]
    fn exact_limits(n in 1u64..400, share in 0.0..1.0f64) {
        let x = (share * n as f64) as u64;
        let (low, high) = clopper_pearson(x, n, 0.95).unwrap();
        let p = x as f64 / n as f64;
        prop_assert!(low <= p && p <= high && (0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
        prop_assert!(proportion_upper_limit(0, n + 1, 0.95).unwrap() < proportion_upper_limit(0, n, 0.95).unwrap());
        let (low, high) = poisson_interval(x, 0.95).unwrap();
        prop_assert!(low <= x as f64 && x as f64 <= high);
    }

    /// Row Q15. Any bytes: an answer or a refusal.
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        fuzz_potency_csv(&bytes);
        fuzz_qpcr_csv(&bytes);
        fuzz_small_tables(&bytes);
    }

    /// Row Q15. Tables of odd numbers: an answer or a refusal.
    #[test]
    fn odd_tables_are_survived(rows in proptest::collection::vec((prop_oneof![Just(0.0), Just(1e-300), Just(1e140), -1.0..100.0f64],
        prop_oneof![Just(0.0), Just(5.0), Just(1e149), Just(-1e149), Just(1e-300), -10.0..10.0f64], 0u8..3), 1..40)) {
        let mut csv = String::from("dose,response,sample\n");
        for (dose, response, sample) in rows {
            csv.push_str(&format!("{dose:e},{response:e},s{sample}\n"));
        }
        fuzz_potency_csv(csv.as_bytes());
    }
}

/// Deterministic generator for the mutations.
struct Generator(u64);

impl Generator {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

const PIECES: [&[u8]; 16] = [
    b",",
    b";",
    b"\n",
    b"\"",
    b"0",
    b"-",
    b"1e308",
    b"NaN",
    b"inf",
    b"Undetermined",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\0",
    b"1,5",
    b"dose",
    b"\r\n",
];

fn mutate(seed: &[u8], g: &mut Generator) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=g.below(6) {
        let at = g.below(bytes.len() + 1).min(bytes.len());
        match g.below(4) {
            0 => {
                let piece = PIECES[g.below(PIECES.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
            1 if at < bytes.len() => {
                bytes.remove(at);
            }
            2 if at < bytes.len() => bytes[at] = g.below(256) as u8,
            _ => bytes.truncate(at.max(bytes.len() / 2)),
        }
    }
    bytes
}

/// Rows Q7, Q15. Good tables with seeded damage: an answer or a refusal, never a panic.
#[test]
fn damaged_tables_are_survived() {
    let mut potency = String::from("plate;well;sample;dose (ng/mL);response;excluded\n");
    for k in 0..24 {
        let (dose, sample) = ([0.0, 1.0, 3.0, 10.0, 30.0, 100.0][k % 6], ["Reference", "Lot 1"][k / 12]);
        let response = 9.0 / (1.0 + dose / 8.0) + f64::from((k * 7 % 5) as u32) / 10.0;
        potency.push_str(&format!("1;A{k};{sample};{dose};{response};\n"));
    }
    let mut qpcr = String::from("well,sample,task,target,quantity,cq\n");
    for k in 0..12 {
        let q = 10f64.powi(6 - (k / 2));
        qpcr.push_str(&format!("A{k},S,standard,t,{q},{}\n", 38.0 - q.log2() + 0.01 * f64::from(k)));
    }
    qpcr.push_str("B1,Lot,unknown,t,,Undetermined\nB2,Lot,unknown,t,,30.1\nB3,NTC,ntc,t,,\n");
    assert!(analyse_potency(potency.as_bytes(), &PotencyOptions::default()).is_ok());
    let mut g = Generator(7);
    let mut accepted = 0;
    for _ in 0..400 {
        let damaged = mutate(potency.as_bytes(), &mut g);
        accepted += usize::from(analyse_potency(&damaged, &PotencyOptions::default()).is_ok());
        fuzz_potency_csv(&damaged);
        fuzz_qpcr_csv(&mutate(qpcr.as_bytes(), &mut g));
    }
    // Damage that is always refused would test the header alone.
    assert!(accepted > 20, "{accepted} of 400 damaged tables were accepted");
}

/// Rows Q7, Q9, Q11, Q12. The small tables with seeded damage.
#[test]
fn damaged_small_tables_are_survived() {
    let endotoxin = "task,sample,concentration (EU/mL),onset (s),dilution,well\nstandard,,5,670,,A1\nstandard,,0.5,1190,,A2\nstandard,,0.05,2110,,A3\nstandard,,0.05,2120,,A4\nsample,Lot,,1500,10,B1\nspike,Lot,0.5,1200,10,B2\nblank,,,NR,,C1\n";
    let comparison = "alternative,compendial,count,level\npositive,positive,40,10\nnegative,positive,2,10\npositive,negative,3,1\nnegative,negative,9,1\n";
    let culture = "task,sample,cells plated,spiked cells,colonies\nspike,,1e6,100,20\nblank,,1e6,,0\nsample,Lot,1e6,,0\n";
    let series = "well,spike (%),cells plated,colonies\nA1,0,1e5,1\nA2,0,1e5,2\nA3,0,1e5,3\nB1,0.01,1e5,5\nB2,0.01,1e5,9\nC1,0.1,1e5,50\n";
    let mut g = Generator(11);
    for table in [endotoxin, comparison, culture, series] {
        fuzz_small_tables(table.as_bytes());
        for _ in 0..300 {
            fuzz_small_tables(&mutate(table.as_bytes(), &mut g));
        }
    }
}

/// Row Q15. With five parameters c stays below d: a curve with c above d is another curve, and the search
/// once ended in it where its sum was not even the lower.
#[test]
fn five_parameters_keep_the_lower_asymptote_below() {
    let truth = CurveParameters { b: 2.0, c: 0.7, d: 3.5, e: 7.5, g: 8.0 };
    let mut noise = 12345u64;
    for _ in 0..60 {
        let mut o = Vec::new();
        for dose in [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0] {
            for _ in 0..3 {
                noise = noise.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let uniform = (noise >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
                o.push(Observation::new(dose, truth.response(dose) + 0.2 * uniform));
            }
        }
        if let Ok(fit) = fit_curve(CurveModel::FiveParameter, &o, Information::Observed) {
            assert!(fit.parameters.c < fit.parameters.d, "{:?}", fit.parameters);
        }
    }
}
