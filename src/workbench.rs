//! The panels and how they share the window.
