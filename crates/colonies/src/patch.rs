//! One connected patch above the threshold, in its own small frame: holes,
//! exact distances to its edge, and splitting into basins. Must not know plates.

use crate::components::Component;
use crate::raster::Plane;

/// A patch with a margin of one pixel all round.
#[derive(Debug)]
pub struct Patch {
    /// Column of the frame's left edge in the region; may be −1.
    pub left: isize,
    /// Row of the frame's top edge in the region; may be −1.
    pub top: isize,
    /// Frame width.
    pub width: usize,
    /// Frame height.
    pub height: usize,
    /// In the patch (holes filled when they were taken in).
    pub inside: Vec<bool>,
    /// Signal at every pixel of the frame.
    pub signal: Vec<f32>,
    /// Distance to the nearest pixel outside, 0 outside, pixels.
    pub distance: Vec<f32>,
}

/// What was found inside a patch's outline but below the threshold.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Holes {
    /// Pixels in holes.
    pub area: usize,
    /// Mean signal in them.
    pub mean: f32,
    /// Mean signal of the patch itself.
    pub patch_mean: f32,
}

impl Patch {
    /// Cuts the component out of the signal.
    #[must_use]
    pub fn of(component: &Component, plane: &Plane) -> Self {
        let (left, top, right, bottom) = component.bounds;
        let (width, height) = (right - left + 2, bottom - top + 2);
        let (left, top) = (left as isize - 1, top as isize - 1);
        let mut inside = vec![false; width * height];
        for run in &component.runs {
            let start = (run.row as isize - top) as usize * width + (run.start as isize - left) as usize;
            inside[start..start + (run.end - run.start) as usize].fill(true);
        }
        let mut signal = vec![0.0f32; width * height];
        let (first, last) = (left.max(0), (left + width as isize).min(plane.width as isize));
        for (y, row) in signal.chunks_exact_mut(width).enumerate() {
            let line = top + y as isize;
            if line < 0 || line >= plane.height as isize || first >= last {
                continue;
            }
            let source = &plane.row(line as usize)[first as usize..last as usize];
            let start = (first - left) as usize;
            row[start..start + source.len()].copy_from_slice(source);
        }
        Self { left, top, width, height, inside, signal, distance: Vec::new() }
    }

    /// The patch drawn `factor` times as large, its edge placed between pixels
    /// where the signal crosses `threshold`. Distances then see a fraction of a
    /// pixel, which small touching colonies need.
    #[must_use]
    pub fn enlarged(&self, factor: usize, threshold: f32) -> Self {
        let under = threshold * 0.98;
        let held: Vec<f32> = self
            .signal
            .iter()
            .zip(&self.inside)
            // What is above the threshold and not inside belongs to a neighbour.
            .map(|(&s, &inside)| {
                if inside {
                    s.max(threshold)
                } else if s >= threshold {
                    0.0
                } else {
                    s.min(under)
                }
            })
            .collect();
        let (width, height) = (self.width * factor, self.height * factor);
        let mut signal = vec![0.0f32; width * height];
        let place = |v: usize, most: usize| {
            let at = ((v as f32 + 0.5) / factor as f32 - 0.5).clamp(0.0, (most - 1) as f32);
            let low = at as usize;
            (low, (low + 1).min(most - 1), at - low as f32)
        };
        let across: Vec<(usize, usize, f32)> = (0..width).map(|x| place(x, self.width)).collect();
        for (y, row) in signal.chunks_exact_mut(width).enumerate() {
            let (top, bottom, down) = place(y, self.height);
            let (upper, lower) = (&held[top * self.width..], &held[bottom * self.width..]);
            for (value, &(left, right, part)) in row.iter_mut().zip(&across) {
                let above = upper[left] + (upper[right] - upper[left]) * part;
                let below = lower[left] + (lower[right] - lower[left]) * part;
                *value = above + (below - above) * down;
            }
        }
        let mut inside: Vec<bool> = signal.iter().map(|&s| s >= threshold).collect();
        // The frame's outermost pixels must stay outside.
        for (at, flag) in inside.iter_mut().enumerate() {
            let (x, y) = (at % width, at / width);
            *flag &= x > 0 && y > 0 && x + 1 < width && y + 1 < height;
        }
        Self { left: self.left, top: self.top, width, height, inside, signal, distance: Vec::new() }
    }

    /// Finds what cannot be reached from the frame's edge, and its signal.
    #[must_use]
    pub fn holes(&self) -> (Vec<bool>, Holes) {
        let mut reached = vec![false; self.inside.len()];
        let mut stack = vec![0usize];
        if let Some(first) = reached.first_mut() {
            *first = true;
        }
        while let Some(at) = stack.pop() {
            let (x, y) = (at % self.width, at / self.width);
            let near = [
                (x > 0).then(|| at - 1),
                (x + 1 < self.width).then_some(at + 1),
                (y > 0).then(|| at - self.width),
                (y + 1 < self.height).then_some(at + self.width),
            ];
            for next in near.into_iter().flatten() {
                if !reached[next] && !self.inside[next] {
                    reached[next] = true;
                    stack.push(next);
                }
            }
        }
        let mut holes = Holes::default();
        let (mut hole_sum, mut patch_sum, mut patch_area) = (0.0f64, 0.0f64, 0usize);
        let mut missing = vec![false; self.inside.len()];
        for (at, flag) in missing.iter_mut().enumerate() {
            if self.inside[at] {
                patch_sum += f64::from(self.signal[at]);
                patch_area += 1;
            } else if !reached[at] {
                *flag = true;
                holes.area += 1;
                hole_sum += f64::from(self.signal[at]);
            }
        }
        holes.mean = (hole_sum / holes.area.max(1) as f64) as f32;
        holes.patch_mean = (patch_sum / patch_area.max(1) as f64) as f32;
        (missing, holes)
    }

    /// Of the pixels `missing`, those in holes of at most `area_max` pixels.
    #[must_use]
    pub fn small_holes(&self, missing: &[bool], area_max: f32) -> Vec<bool> {
        let mut kept = vec![false; missing.len()];
        let mut seen = vec![false; missing.len()];
        for start in 0..missing.len() {
            if !missing[start] || seen[start] {
                continue;
            }
            let (mut hole, mut next) = (vec![start], 0);
            seen[start] = true;
            while let Some(&at) = hole.get(next) {
                next += 1;
                // The margin of one pixel keeps every neighbour inside the frame.
                for near in [at - 1, at + 1, at - self.width, at + self.width] {
                    if missing[near] && !seen[near] {
                        seen[near] = true;
                        hole.push(near);
                    }
                }
            }
            if hole.len() as f32 <= area_max {
                hole.iter().for_each(|&at| kept[at] = true);
            }
        }
        kept
    }

    /// Takes holes in; their signal becomes the patch's mean, so that a glint
    /// in the middle of a colony is no valley.
    pub fn fill(&mut self, missing: &[bool], holes: Holes) {
        for ((inside, signal), _) in
            self.inside.iter_mut().zip(self.signal.iter_mut()).zip(missing).filter(|(_, m)| **m)
        {
            *inside = true;
            *signal = holes.patch_mean;
        }
    }

    /// Fills `distance` with exact Euclidean distances (lower envelope of
    /// parabolas, after Felzenszwalb and Huttenlocher) and returns the largest.
    pub fn measure(&mut self) -> f32 {
        let (width, height) = (self.width, self.height);
        let mut squared = vec![0.0f32; width * height];
        let far = (width + height) as f32;
        for x in 0..width {
            let mut run = 0.0f32;
            for y in 0..height {
                let at = y * width + x;
                run = if self.inside[at] { (run + 1.0).min(far) } else { 0.0 };
                squared[at] = run;
            }
            let mut run = 0.0f32;
            for y in (0..height).rev() {
                let at = y * width + x;
                run = if self.inside[at] { (run + 1.0).min(far) } else { 0.0 };
                squared[at] = squared[at].min(run);
            }
        }
        let mut hull = vec![0usize; width];
        let mut limits = vec![0.0f32; width + 1];
        let mut most = 0.0f32;
        self.distance = vec![0.0; width * height];
        for (row, out) in squared.chunks_exact_mut(width).zip(self.distance.chunks_exact_mut(width)) {
            row.iter_mut().for_each(|v| *v *= *v);
            let mut count = 0usize;
            hull[0] = 0;
            limits[0] = f32::NEG_INFINITY;
            limits[1] = f32::INFINITY;
            for q in 1..width {
                let meet = |p: usize| {
                    let (qf, pf) = (q as f32, p as f32);
                    ((row[q] + qf * qf) - (row[p] + pf * pf)) / (2.0 * (qf - pf))
                };
                let mut cross = meet(hull[count]);
                while count > 0 && cross <= limits[count] {
                    count -= 1;
                    cross = meet(hull[count]);
                }
                count += 1;
                hull[count] = q;
                limits[count] = cross;
                limits[count + 1] = f32::INFINITY;
            }
            let mut k = 0;
            for (q, value) in out.iter_mut().enumerate() {
                while limits[k + 1] < q as f32 {
                    k += 1;
                }
                let off = q as f32 - hull[k] as f32;
                *value = (off * off + row[hull[k]]).sqrt();
                most = most.max(*value);
            }
        }
        most
    }

    /// Splits the patch into basins of `height_of`: two meet at a saddle and
    /// stay apart when the saddle is below `apart` of the lower summit and at
    /// least `step` under it. Returns a label a pixel (0 = outside) and the count.
    #[must_use]
    pub fn basins(&self, relief: &[f32], apart: f32, step: f32) -> (Vec<u32>, usize) {
        // Integers order exactly and sort fast; 1/4096 is far under any step used.
        let mut order: Vec<(u32, u32)> = Vec::new();
        for (at, (&inside, &value)) in self.inside.iter().zip(relief).enumerate() {
            if inside {
                order.push((u32::MAX - (value.max(0.0) * 4096.0) as u32, at as u32));
            }
        }
        order.sort_unstable();
        let mut labels = vec![0u32; self.inside.len()];
        let mut parents: Vec<u32> = vec![0];
        let mut summits: Vec<f32> = vec![0.0];
        let width = self.width as isize;
        let around = [-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1];
        for &(_, at) in &order {
            let here = relief[at as usize];
            // The pixel goes to its highest neighbour's basin, not to the highest
            // basin: that one would creep along the border into the other.
            let (mut own, mut highest) = (0u32, f32::NEG_INFINITY);
            for offset in around {
                // The margin of one pixel keeps every neighbour inside the frame.
                let near = (at as isize + offset) as usize;
                if labels[near] == 0 {
                    continue;
                }
                let other = find(&mut parents, labels[near]);
                if own == 0 {
                    (own, highest) = (other, relief[near]);
                    continue;
                }
                own = find(&mut parents, own);
                if other != own {
                    let (high, low) = if summits[other as usize] > summits[own as usize] {
                        (other, own)
                    } else {
                        (own, other)
                    };
                    let summit = summits[low as usize];
                    if here > apart * summit || summit - here < step {
                        parents[low as usize] = high;
                        own = high;
                    }
                }
                if relief[near] > highest {
                    highest = relief[near];
                    own = find(&mut parents, other);
                }
            }
            if own == 0 {
                own = parents.len() as u32;
                parents.push(own);
                summits.push(here);
            }
            labels[at as usize] = own;
        }
        let mut names = vec![0u32; parents.len()];
        let mut count = 0usize;
        for label in &mut labels {
            if *label != 0 {
                let top = find(&mut parents, *label) as usize;
                if names[top] == 0 {
                    count += 1;
                    names[top] = count as u32;
                }
                *label = names[top];
            }
        }
        (labels, count)
    }
}

fn find(parents: &mut [u32], mut at: u32) -> u32 {
    while parents[at as usize] != at {
        let above = parents[parents[at as usize] as usize];
        parents[at as usize] = above;
        at = above;
    }
    at
}
