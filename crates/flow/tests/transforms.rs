//! The transforms of Gating-ML 2.0 against their definitions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use vena_flow::{Transform, TransformKind};

/// Row Q10. The transforms at the places their definition fixes.
#[test]
fn transforms_meet_their_definitions() {
    let apply = |kind: TransformKind, value: f64| Transform::from(kind).prepare().unwrap().apply(value);
    let close = |left: f64, right: f64| assert!((left - right).abs() < 1e-12, "{left} {right}");
    let (t, m) = (262_144.0, 4.5);
    close(apply(TransformKind::Linear { t: 1000.0, a: 100.0 }, 1000.0), 1.0);
    close(apply(TransformKind::Linear { t: 1000.0, a: 100.0 }, -100.0), 0.0);
    close(apply(TransformKind::Log { t: 1000.0, m: 3.0 }, 10.0), 1.0 / 3.0);
    assert!(apply(TransformKind::Log { t: 1000.0, m: 3.0 }, 0.0).is_nan());
    close(apply(TransformKind::Asinh { t, m, a: 1.0 }, t), 1.0);
    close(apply(TransformKind::Asinh { t, m, a: 1.0 }, 0.0), 1.0 / 5.5);
    for (w, a) in [(0.5, 0.0), (1.0, 0.5), (0.25, -0.25)] {
        for kind in [TransformKind::Logicle { t, w, m, a }, TransformKind::Hyperlog { t, w, m, a }] {
            let prepared = Transform::from(kind).prepare().unwrap();
            close(prepared.apply(t), 1.0);
            close(prepared.apply(0.0), (w + a) / (m + a));
            for place in [-0.2, 0.05, 0.3, 0.77, 0.999] {
                close(prepared.apply(prepared.invert(place)), place);
            }
        }
    }
    let bounded = Transform {
        kind: TransformKind::Linear { t: 100.0, a: 0.0 },
        bound_min: Some(0.2),
        bound_max: Some(0.8),
    }
    .prepare()
    .unwrap();
    assert_eq!((bounded.apply(0.0), bounded.apply(50.0), bounded.apply(100.0)), (0.2, 0.5, 0.8));
    for bad in [
        TransformKind::Linear { t: 0.0, a: 0.0 },
        TransformKind::Logicle { t, w: 3.0, m: 4.5, a: 0.0 },
        TransformKind::Logicle { t, w: 0.5, m: 4.5, a: 4.0 },
        TransformKind::Hyperlog { t, w: 0.0, m: 4.5, a: 0.0 },
        TransformKind::Asinh { t, m: f64::NAN, a: 0.0 },
        TransformKind::Log { t, m: -1.0 },
    ] {
        assert!(Transform::from(bad).prepare().is_err(), "{bad:?}");
    }
}
