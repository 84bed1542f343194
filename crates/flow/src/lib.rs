//! Flow cytometry: FCS files, compensation, transforms, Gating-ML. Pure; knows no patient, page or database.
