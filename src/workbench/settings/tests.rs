//! The settings rendered to HTML.
