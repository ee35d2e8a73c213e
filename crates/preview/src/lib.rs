//! The project as a web site: what a preview's service worker gets for each address.
//!
//! A [`Site`] resolves addresses and imports, compiles scripts through a port, keeps what it
//! compiled by content id, and says what a change means for a page that is open. It does no I/O and
//! links no compiler; it holds no files but asks a [`Source`] for them. It serves no project that
//! needs a server.

mod address;
mod config;
mod css;
mod document;
mod graph;
mod html;
mod mappings;
mod packs;
mod page;
mod program;
pub mod protocol;
mod resolve;
mod script;
mod site;
mod source;
#[cfg(test)]
mod tests;

pub use packs::Packs;
pub use program::Program;
pub use protocol::Visitor;
pub use site::{Answer, Change, Module, Place, Request, Site};
pub use source::{Assets, Compile, Compiled, Import, Mark, Problem, Source, What, World};
