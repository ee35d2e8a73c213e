//! Widgets rendered to HTML, natively: what a screen reader and a style sheet will find.
