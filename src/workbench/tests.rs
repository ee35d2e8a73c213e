//! The shell rendered to HTML, natively.
