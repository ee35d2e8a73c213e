//! The app: the only crate that knows the browser.
//!
//! Reading order: [`page`] holds what the screen shows, [`workbench`] shows it with the widgets of
//! [`ui`] and the words of [`i18n`]; [`browser`] is the outside world.

#![recursion_limit = "256"] // Views are nested types; a screen nests more than 128 of them.
#![allow(unreachable_pub, reason = "an app has no outside; the lint misreads `#[component]`")]

pub mod browser;
pub mod i18n;
pub mod page;
pub mod session;
pub mod templates;
pub mod ui;
pub mod workbench;
