//! Logicle and hyperlog: scales given by their inverse S(x), so that a value y
//! is transformed by solving S(x) = y. The solving is done once per cell of a
//! table; values are then a polynomial away. Knows no channel and no gate.
//!
//! Both curves are odd about x1 (the place of y = 0). For y ≥ 0 the cells
//! divide |y| + y0 like a floating-point number: 64 to each power of two, y0
//! being the width of the linear region, so one look at the bits finds the
//! cell. In each cell x(y) is a Taylor polynomial of degree 6 about the cell's
//! middle, its coefficients the reverted series of S. The cell's half-width is
//! less than 1/100 of the distance to the nearest singularity of x(y), so the
//! first term left out is below 1e-15 of the scale.

/// Parameters of S(x) = a e^(bx) − c e^(−dx) + slope·x − f.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ScaleShape {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    slope: f64,
    f: f64,
    /// Where S is zero.
    x1: f64,
}

impl ScaleShape {
    /// Logicle (Gating-ML 2.0, 6.4): the biexponential whose second derivative
    /// vanishes at x1, with S(1) = T.
    pub(crate) fn logicle(t: f64, w: f64, m: f64, a: f64) -> Self {
        let width = w / (m + a);
        let x2 = a / (m + a);
        let x1 = x2 + width;
        let x0 = x2 + 2.0 * width;
        let b = (m + a) * std::f64::consts::LN_10;
        let d = solve_d(b, width);
        let c_over_a = (x0 * (b + d)).exp();
        let f_over_a = (b * x1).exp() - c_over_a * (-d * x1).exp();
        let a = t / (b.exp() - f_over_a - c_over_a * (-d).exp());
        Self { a, b, c: c_over_a * a, d, slope: 0.0, f: f_over_a * a, x1 }
    }

    /// Hyperlog (Gating-ML 2.0, 6.5): an exponential plus a straight line.
    pub(crate) fn hyperlog(t: f64, w: f64, m: f64, a: f64) -> Self {
        let width = w / (m + a);
        let x2 = a / (m + a);
        let x1 = x2 + width;
        let x0 = x2 + 2.0 * width;
        let b = (m + a) * std::f64::consts::LN_10;
        let e0 = (b * x0).exp();
        let c_over_a = e0 / width;
        let f_over_a = (b * x1).exp() + c_over_a * x1;
        let a = t / (b.exp() + c_over_a - f_over_a);
        Self { a, b, c: 0.0, d: 0.0, slope: c_over_a * a, f: f_over_a * a, x1 }
    }

    /// S(x) for x ≥ x1.
    fn value(&self, x: f64) -> f64 {
        self.a * (self.b * x).exp() - self.c * (-self.d * x).exp() + self.slope * x - self.f
    }

    /// S′(x), always positive.
    fn derivative(&self, x: f64) -> f64 {
        self.a * self.b * (self.b * x).exp() + self.c * self.d * (-self.d * x).exp() + self.slope
    }

    /// x ≥ x1 with S(x) = y, y ≥ 0: Newton's method kept inside a bracket.
    fn solve(&self, y: f64, guess: f64) -> f64 {
        let mut low = self.x1;
        let mut high = self.x1 + 1.0;
        // ln(f64::MAX) ÷ b bounds x: beyond, e^(bx) is no number.
        while self.value(high) < y && self.b * high < 700.0 {
            low = high;
            high += 1.0;
        }
        let mut x = if (low..=high).contains(&guess) { guess } else { f64::midpoint(low, high) };
        for _ in 0..100 {
            let excess = self.value(x) - y;
            if excess == 0.0 {
                return x;
            }
            if excess > 0.0 {
                high = x;
            } else {
                low = x;
            }
            let newton = x - excess / self.derivative(x);
            let next = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
            if (next - x).abs() <= f64::EPSILON * x.abs() {
                return next;
            }
            x = next;
        }
        x
    }

    /// Taylor coefficients s1 … s6 of S about x.
    fn series(&self, x: f64) -> [f64; ORDER] {
        let rising = self.a * (self.b * x).exp();
        let falling = self.c * (-self.d * x).exp();
        let mut coefficients = [0.0; ORDER];
        let (mut up, mut down, mut factorial) = (1.0, -1.0, 1.0);
        for (power, coefficient) in (1u32..).zip(coefficients.iter_mut()) {
            up *= self.b;
            down *= -self.d;
            factorial *= f64::from(power);
            *coefficient = (rising * up + falling * down) / factorial;
        }
        coefficients[0] += self.slope;
        coefficients
    }
}

/// d of the logicle from b and w: 2 (ln d − ln b) + w (b + d) = 0 has one root
/// in (0, b]; bisection and Newton's method together.
fn solve_d(b: f64, width: f64) -> f64 {
    if width == 0.0 {
        return b;
    }
    let excess = |d: f64| 2.0 * (d.ln() - b.ln()) + width * (b + d);
    let (mut low, mut high) = (0.0, b);
    let mut d = f64::midpoint(low, high);
    for _ in 0..200 {
        let value = excess(d);
        if value == 0.0 {
            return d;
        }
        if value > 0.0 {
            high = d;
        } else {
            low = d;
        }
        let newton = d - value / (2.0 / d + width);
        let next = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
        if (next - d).abs() <= f64::EPSILON * d {
            return next;
        }
        d = next;
    }
    d
}

const ORDER: usize = 6;
/// Cells to each power of two, as a number of mantissa bits.
const CELL_BITS: u32 = 6;
const SHIFT: u32 = 52 - CELL_BITS;

/// One cell: middle of |y| + y0, x there, and the reverted series.
#[derive(Clone, Copy, Debug)]
struct Cell {
    middle: f64,
    coefficients: [f64; ORDER + 1],
}

/// x(y) for a logicle or hyperlog scale.
#[derive(Clone, Debug)]
pub(crate) struct InverseTable {
    shape: ScaleShape,
    y0: f64,
    first_key: u64,
    cells: Vec<Cell>,
}

impl InverseTable {
    pub(crate) fn new(shape: ScaleShape) -> Self {
        // Width of the region where the curve is straight.
        let y0 = shape.derivative(shape.x1) / (shape.b + shape.d);
        // Twice the top of the scale; what lies above is solved one by one.
        let top = 2.0 * shape.value(1.0f64.max(shape.x1)) + y0;
        let first_key = y0.to_bits() >> SHIFT;
        let last_key = top.to_bits() >> SHIFT;
        let count = usize::try_from(last_key.saturating_sub(first_key)).unwrap_or(0) + 1;
        let mut cells = Vec::with_capacity(count);
        let mut guess = shape.x1;
        for key in first_key..=last_key {
            let low = f64::from_bits(key << SHIFT);
            let high = f64::from_bits((key + 1) << SHIFT);
            let middle = f64::midpoint(low, high);
            let y = (middle - y0).max(0.0);
            let x = shape.solve(y, guess);
            let series = revert(shape.series(x));
            let mut coefficients = [0.0; ORDER + 1];
            coefficients[0] = x - shape.x1;
            for (to, from) in coefficients.iter_mut().skip(1).zip(series) {
                *to = from;
            }
            guess = x + coefficients[1] * (high - low);
            cells.push(Cell { middle: y + y0, coefficients });
        }
        Self { shape, y0, first_key, cells }
    }

    /// Every value in place.
    pub(crate) fn apply_all(&self, values: &mut [f64]) {
        for value in values {
            *value = self.apply(*value);
        }
    }

    fn apply(&self, y: f64) -> f64 {
        let magnitude = y.abs();
        let shifted = magnitude + self.y0;
        let key = (shifted.to_bits() >> SHIFT).wrapping_sub(self.first_key);
        let Some(cell) = usize::try_from(key).ok().and_then(|key| self.cells.get(key)) else {
            return self.beyond(y);
        };
        let t = shifted - cell.middle;
        let [c0, c1, c2, c3, c4, c5, c6] = cell.coefficients;
        let distance = c0 + t * (c1 + t * (c2 + t * (c3 + t * (c4 + t * (c5 + t * c6)))));
        self.shape.x1 + distance.copysign(y)
    }

    /// Values far above the scale's top, infinities and NaN.
    #[cold]
    fn beyond(&self, y: f64) -> f64 {
        if !y.is_finite() {
            return y;
        }
        let guess = (y.abs() / self.shape.a).ln() / self.shape.b;
        self.shape.x1 + (self.shape.solve(y.abs(), guess) - self.shape.x1).copysign(y)
    }

    /// S(x): the scale value at x.
    pub(crate) fn scale_value(&self, x: f64) -> f64 {
        if x >= self.shape.x1 { self.shape.value(x) } else { -self.shape.value(2.0 * self.shape.x1 - x) }
    }
}

/// Reverts y = s1 t + s2 t² + … to t = r1 y + r2 y² + …, order by order: r_n is
/// what makes the coefficient of yⁿ in s(t(y)) vanish.
fn revert(series: [f64; ORDER]) -> [f64; ORDER] {
    let first = series[0];
    // Scaled so that s1 = 1; powers[k] holds the coefficients of t(y)^(k+1).
    let scaled = series.map(|coefficient| coefficient / first);
    let mut reverted = [0.0; ORDER];
    reverted[0] = 1.0;
    for order in 2..=ORDER {
        let mut power = reverted;
        let mut sum = 0.0;
        for coefficient in scaled.iter().take(order).skip(1) {
            power = multiply(&power, &reverted);
            sum += coefficient * power.get(order - 1).copied().unwrap_or_default();
        }
        if let Some(slot) = reverted.get_mut(order - 1) {
            *slot = -sum;
        }
    }
    let mut factor = 1.0;
    reverted.map(|coefficient| {
        factor /= first;
        coefficient * factor
    })
}

/// Product of two series without constant term, cut at the order.
fn multiply(left: &[f64; ORDER], right: &[f64; ORDER]) -> [f64; ORDER] {
    let mut product = [0.0; ORDER];
    for (i, a) in left.iter().enumerate() {
        for (j, b) in right.iter().enumerate() {
            if let Some(slot) = product.get_mut(i + j + 1) {
                *slot += a * b;
            }
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row Q10. The table and the bracketed solution agree to 1e-13 of the scale.
    #[test]
    fn table_agrees_with_the_solution() {
        let shapes = [
            ScaleShape::logicle(10_000.0, 0.5, 4.5, 0.0),
            ScaleShape::logicle(10_000.0, 1.0, 4.0, 0.5),
            ScaleShape::logicle(262_144.0, 1.0, 4.418_539_922, 0.0),
            ScaleShape::logicle(262_144.0, 0.0, 4.5, 0.0),
            ScaleShape::logicle(1_000.0, 2.0, 4.0, -1.0),
            ScaleShape::hyperlog(10_000.0, 1.0, 4.5, 0.0),
            ScaleShape::hyperlog(262_144.0, 0.01, 4.5, 1.0),
        ];
        for shape in shapes {
            let table = InverseTable::new(shape);
            let mut y = 1e-6;
            while y < 3e6 {
                for signed in [y, -y] {
                    let exact = shape.x1 + (shape.solve(y, shape.x1) - shape.x1).copysign(signed);
                    let fast = table.apply(signed);
                    assert!((exact - fast).abs() < 1e-13, "{shape:?} at {signed}: {exact} {fast}");
                }
                y *= 1.003;
            }
            assert!((table.apply(shape.value(1.0)) - 1.0).abs() < 1e-14);
            assert!((table.apply(0.0) - shape.x1).abs() < 1e-15);
        }
    }
}
