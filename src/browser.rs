//! The outside world: thin adapters, one file per thing of the browser, no decisions.
//!
//! Everything else in the crate runs natively too; what is in here is called only in a browser.

pub mod calling;
mod compiler;
pub mod compiling;
mod direct;
pub mod dom;
pub mod editor;
mod gateway;
mod hired;
pub mod indexed_db;
mod leaving;
pub mod offline;
pub mod page;
mod port;
pub mod preview_frame;
mod reader;
mod relay;
mod sandbox;
pub mod worker;
mod world;
