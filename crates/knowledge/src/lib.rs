//! Reads and checks the knowledge files and gives typed tables. Knows no patient and does no grading.
