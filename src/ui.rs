//! Widgets. They know labels, callbacks and CSS classes, and nothing of what we build.
//!
//! Every widget works by keyboard and says to a screen reader what it is; styles are in
//! `style/ui/`, one file per widget.

mod badge;
mod button;
mod dialog;
mod empty;
mod field;
mod icon;
mod menu;
mod progress;
mod splitter;
mod switch;
mod tabs;
mod toast;

pub use badge::{Badge, Tone};
pub use button::{Button, ButtonKind, IconButton};
pub use dialog::{Dialog, DialogSize};
pub use empty::Empty;
pub use field::{Select, TextArea, TextField};
pub use icon::{Icon, Pictogram};
pub use menu::{Choice, Menu, MenuList};
pub use progress::{Meter, Progress};
pub use splitter::{Along, Splitter};
pub use switch::Switch;
pub use tabs::{Tab, Tabs, panel_id, tab_id};
pub use toast::Toast;

#[cfg(test)]
mod tests;
