//! Analysis of variance of a line assay (European Pharmacopoeia 5.3): preparations, regression,
//! non-parallelism or intersection, non-linearity, blocks, and the error of the replicates. Knows points
//! and blocks, no table. For information and for the error; whether lines are parallel is decided by
//! equivalence, never by these p.

use serde::Serialize;

use crate::distributions::f_upper_tail;
use crate::lines::{LinePoint, LineVariance, OwnLine};

/// One row of the analysis of variance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VarianceRow {
    /// `preparations`, `regression`, `non-parallelism` (parallel lines) or `intersection` (slope ratio),
    /// `non-linearity`, `treatments`, `blocks`, `residual`, `total`.
    pub source: &'static str,
    /// Degrees of freedom.
    pub df: usize,
    /// Weighted sum of squares.
    pub sum_of_squares: f64,
    /// Sum of squares over degrees of freedom.
    pub mean_square: Option<f64>,
    /// Mean square over that of the residual.
    pub f: Option<f64>,
    /// Upper tail of f.
    pub p: Option<f64>,
}

/// The analysis of variance of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VarianceTable {
    /// Rows in the order of the pharmacopoeia.
    pub rows: Vec<VarianceRow>,
    /// Error of the replicates (blocks taken out), `None` without replicates.
    #[serde(skip)]
    pub replicates: Option<LineVariance>,
    /// Whether blocks were taken out.
    pub blocks: bool,
}

struct Group {
    x: f64,
    weight: f64,
    mean: f64,
    count: usize,
}

fn mean<'a>(points: impl Iterator<Item = &'a LinePoint> + Clone) -> (f64, f64) {
    let weight: f64 = points.clone().map(|p| p.weight).sum();
    (weight, points.map(|p| p.weight * p.y).sum::<f64>() / weight)
}

fn groups(points: &[LinePoint]) -> Vec<Group> {
    let mut xs: Vec<f64> = points.iter().map(|p| p.x).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    xs.into_iter()
        .map(|x| {
            let of = points.iter().filter(move |p| p.x == x);
            let (weight, mean) = mean(of.clone());
            Group { x, weight, mean, count: of.count() }
        })
        .collect()
}

/// Sum of squares between complete blocks, with their number less one. `None` where some treatment does
/// not stand in every block equally often, or weights differ: blocks and treatments are then mixed up.
fn block_sum(preparations: &[Vec<LinePoint>], blocks: &[Vec<usize>], overall: f64) -> Option<(f64, usize)> {
    let number = blocks.iter().flatten().max()? + 1;
    let points = || preparations.iter().flatten().zip(blocks.iter().flatten());
    let first = points().next()?.0.weight;
    if number < 2 || points().any(|(p, _)| p.weight != first) {
        return None;
    }
    for (points, of) in preparations.iter().zip(blocks) {
        for group in groups(points) {
            let mut times = vec![0usize; number];
            for (_, block) in points.iter().zip(of).filter(|(p, _)| p.x == group.x) {
                if let Some(time) = times.get_mut(*block) {
                    *time += 1;
                }
            }
            if times.iter().any(|t| t * number != group.count) {
                return None;
            }
        }
    }
    let of_block = |block: usize| points().filter(move |(_, b)| **b == block).map(|(p, _)| p);
    let sum = (0..number)
        .map(|block| {
            let (weight, mean) = mean(of_block(block));
            weight * (mean - overall).powi(2)
        })
        .sum();
    Some((sum, number - 1))
}

/// Analyses the points of one run; `blocks` names each point's block (empty when there are none).
/// `fitted_sum` is the residual sum of squares about the assay's own lines with `fitted_df`; with
/// `parallel` they share a slope, otherwise an intercept. `None` where a preparation has one dose.
pub fn variance_table(
    preparations: &[Vec<LinePoint>],
    blocks: &[Vec<usize>],
    parallel: bool,
    fitted: LineVariance,
) -> Option<VarianceTable> {
    let all = || preparations.iter().flatten();
    let (_, overall) = mean(all());
    let total: f64 = all().map(|p| p.weight * (p.y - overall).powi(2)).sum();
    let count = all().count();
    let grouped: Vec<Vec<Group>> = preparations.iter().map(|p| groups(p)).collect();
    let treatments: f64 = grouped.iter().flatten().map(|g| g.weight * (g.mean - overall).powi(2)).sum();
    let treatment_df = grouped.iter().map(Vec::len).sum::<usize>().checked_sub(1)?;
    let own: f64 = preparations.iter().map(|p| own_sum(p)).sum::<Option<f64>>()?;
    // From the wells themselves: the difference of two large sums would lose digits.
    let within: f64 = preparations
        .iter()
        .zip(&grouped)
        .flat_map(|(points, groups)| points.iter().map(move |p| (p, groups)))
        .filter_map(|(p, groups)| Some(p.weight * (p.y - groups.iter().find(|g| g.x == p.x)?.mean).powi(2)))
        .sum();
    let number = preparations.len();
    let fitted_sum = fitted.variance * fitted.df as f64;
    let between: f64 = preparations
        .iter()
        .map(|p| {
            let (weight, mean) = mean(p.iter());
            weight * (mean - overall).powi(2)
        })
        .sum();
    let mut rows = Vec::new();
    if parallel {
        rows.push(("preparations", number - 1, between));
        rows.push(("regression", 1, total - between - fitted_sum));
        rows.push(("non-parallelism", number - 1, fitted_sum - own));
    } else {
        rows.push(("regression", number, total - fitted_sum));
        rows.push(("intersection", number - 1, fitted_sum - own));
    }
    rows.push(("non-linearity", (treatment_df + 1).checked_sub(2 * number)?, own - within));
    rows.push(("treatments", treatment_df, treatments));
    let mut residual = (within, count - treatment_df - 1);
    let block = if blocks.is_empty() { None } else { block_sum(preparations, blocks, overall) };
    if let Some((sum, df)) = block.filter(|b| residual.1 > b.1) {
        rows.push(("blocks", df, sum));
        residual = ((residual.0 - sum).max(0.0), residual.1 - df);
    }
    let used = rows.last().is_some_and(|r| r.0 == "blocks");
    let error = (residual.1 > 0).then(|| residual.0 / residual.1 as f64);
    let mut table: Vec<VarianceRow> = rows
        .into_iter()
        .map(|(source, df, sum)| {
            let sum_of_squares = sum.max(0.0);
            let mean_square = (df > 0).then(|| sum_of_squares / df as f64);
            let f = mean_square.zip(error).map(|(m, e)| m / e).filter(|f| f.is_finite());
            let p = f.map(|f| f_upper_tail(f, df as f64, residual.1 as f64));
            VarianceRow { source, df, sum_of_squares, mean_square, f, p }
        })
        .collect();
    for (source, df, sum_of_squares, mean_square) in
        [("residual", residual.1, residual.0, error), ("total", count - 1, total, None)]
    {
        table.push(VarianceRow { source, df, sum_of_squares, mean_square, f: None, p: None });
    }
    Some(VarianceTable {
        rows: table,
        replicates: error.map(|variance| LineVariance { variance, df: residual.1 }),
        blocks: used,
    })
}

/// Residual sum of squares of a preparation about its own line; 0 for two points.
fn own_sum(points: &[LinePoint]) -> Option<f64> {
    if points.len() == 2 {
        return Some(0.0);
    }
    OwnLine::fit(points).map(|line| line.rss)
}
