//! Dose-response, relative potency, qPCR, limits of detection. Pure; knows no patient, page or database.
