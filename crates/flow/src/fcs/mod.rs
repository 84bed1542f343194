//! FCS list-mode files (2.0, 3.0, 3.1, 3.2): reading and writing. Knows no
//! compensation, no gate and no file system.
//!
//! Written from the standards themselves: FCS 2.0 (Cytometry 11:323, 1990),
//! FCS 3.0 (Cytometry 28:118, 1997), FCS 3.1 (doi:10.1002/cyto.a.20825) and
//! FCS 3.2 (doi:10.1002/cyto.a.24225).

mod analysis;
mod ascii;
mod channel;
mod crc;
mod error;
mod header;
mod layout;
mod read;
mod source;
mod text;
mod write;

pub use channel::{ByteOrder, Channel, DataType};
pub use error::FcsError;
pub use header::FcsVersion;
pub use read::{DataSet, FcsFile, ReadOptions, read_fcs, read_fcs_from};
pub use text::Keywords;
pub use write::{WriteChannel, WriteDataSet, WriteValues, write_fcs};
