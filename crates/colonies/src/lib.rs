//! Colony counting from plate images. Pure; knows no patient, page or database.
