//! The front door rendered to HTML.
