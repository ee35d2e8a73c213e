//! Turns a conversation into changes to a project.
//!
//! Start reading at [`turn`]: it is the state machine that everything else serves. Nothing here does
//! I/O, reads a clock or draws randomness: files come through the port [`files::Files`], ids and
//! times are inputs. Nothing here knows the browser, a store or a provider's format.

pub mod actions;
pub mod chat;
pub mod context;
pub mod edit;
pub mod fence;
pub mod fenced;
pub mod files;
pub mod id;
pub mod iso;
pub mod markdown;
pub mod naming;
pub mod pace;
pub mod permission;
pub mod prompt;
pub mod syntax;
pub mod title;
pub mod tools;
pub mod turn;
