//! Taking in a repository.
//!
//! To come.

#[derive(Debug)]
pub struct Imported;
