//! Flow cytometry: FCS files, compensation, transforms, Gating-ML, panels,
//! counts and plots. Bytes in, results out. Pure: no clock, no randomness, no
//! file system; must not know any patient, page or database.

mod biexponential;
mod events;
pub mod fcs;
pub mod gating;
mod limits;
mod membership;
mod scale;
mod spillover;
mod tolerance;
mod transform;

pub use events::Column;
pub use limits::Limits;
pub use membership::Membership;
pub use scale::ChannelScale;
pub use spillover::{FileCompensation, SpilloverError, SpilloverMatrix, bare_name, file_compensation};
pub use tolerance::{Tolerance, Tolerances, UnknownTolerance};
pub use transform::{PreparedTransform, Transform, TransformError, TransformKind};
