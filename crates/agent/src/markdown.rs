//! A reply's Markdown as blocks for the page.
//!
//! To be filled.
