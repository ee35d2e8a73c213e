//! Layouts before and after.

use expect_test::{Expect, expect};

use super::*;

#[test]
fn what_is_opened_comes_after_the_active_tab() {
    check("*preview", |it| show(it, "file:a", 0), expect!["preview *file:a"]);
    check("*preview history", |it| show(it, "changes", 0), expect!["preview *changes history"]);
}

#[test]
fn what_is_open_is_shown_where_it_is() {
    check(
        "*preview | *file:a file:b",
        |it| show(it, "file:b", 0),
        expect!["*preview | file:a *file:b"],
    );
}

#[test]
fn files_keep_together() {
    check("*preview | *file:a", |it| show(it, "file:b", 0), expect!["*preview | file:a *file:b"]);
}

#[test]
fn a_column_that_does_not_exist_is_the_last_one() {
    check("*preview", |it| show(it, "changes", 9), expect!["preview *changes"]);
    check("", |it| show(it, "changes", 0), expect!["*changes"]);
}

#[test]
fn closing_shows_the_neighbour() {
    check("preview *file:a file:b", |it| close(it, "file:a"), expect!["preview *file:b"]);
    check("preview file:a *file:b", |it| close(it, "preview"), expect!["file:a *file:b"]);
    check("*preview | *file:a", |it| close(it, "file:a"), expect!["*preview"]);
    check("*preview", |it| close(it, "preview"), expect![""]);
    check("*preview", |it| close(it, "nothing"), expect!["*preview"]);
}

#[test]
fn splitting_moves_the_active_tab_beside() {
    check("preview *file:a", |it| split(it, 0), expect!["*preview | *file:a"]);
    check("*preview | *file:a", |it| split(it, 1), expect!["preview *file:a"]);
    check("*preview", |it| split(it, 0), expect!["*preview"]);
    check("*preview", |it| split(it, 7), expect!["*preview"]);
}

#[test]
fn a_tab_can_be_put_anywhere() {
    check("*a b c", |it| put(it, "a", 0, 3), expect!["b c *a"]);
    check("a b *c", |it| put(it, "c", 0, 0), expect!["*c a b"]);
    check("a *b | *c", |it| put(it, "b", 1, 0), expect!["*a | *b c"]);
    check("a *b", |it| put(it, "b", 5, 0), expect!["a *b"]);
}

#[test]
fn tabs_of_files_that_are_gone_close() {
    check(
        "preview *file:a file:b | *file:c",
        |it| follow(it, |path| path == "b"),
        expect!["preview *file:b"],
    );
}

#[test]
fn a_stored_layout_is_mended() {
    let odd = Layout {
        side_width: f64::NAN,
        chat_width: -5.0,
        split: 7.0,
        columns: vec![
            Column { tabs: vec!["preview".into(), "preview".into(), "<script>".into()], active: 9 },
            Column { tabs: vec!["preview".into()], active: 0 },
            Column { tabs: vec!["history".into()], active: 0 },
        ],
        ..Layout::default()
    };
    let layout = mend(odd);
    assert_eq!(print(&layout), "*preview");
    assert_eq!((layout.side_width, layout.chat_width, layout.split), (220.0, 240.0, 0.9));
}

#[test]
fn what_is_remembered_has_a_limit() {
    let mut layout = Layout::default();
    for at in 0..300 {
        remember(&mut layout, &at.to_string());
        set_scroll(&mut layout, &at.to_string(), f64::from(at));
    }
    remember(&mut layout, "260");
    assert_eq!((layout.recent.len(), layout.recent[0].as_str()), (MAX_RECENT, "260"));
    assert_eq!(layout.scroll.len(), MAX_SCROLLS);
    assert_eq!((scroll_of(&layout, "299"), scroll_of(&layout, "1")), (Some(299.0), None));
}

#[track_caller]
fn check(before: &str, change: impl FnOnce(&mut Layout), expected: Expect) {
    let mut layout = parse(before);
    change(&mut layout);
    expected.assert_eq(&print(&layout));
}

/// `preview *file:a | *file:b`: two columns, a star before the active tab.
fn parse(text: &str) -> Layout {
    let columns = text.split('|').map(|column| {
        let tabs: Vec<&str> = column.split_whitespace().collect();
        let active = tabs.iter().position(|it| it.starts_with('*')).unwrap_or_default();
        let tabs = tabs.iter().map(|it| it.trim_start_matches('*').to_owned()).collect();
        Column { tabs, active }
    });
    Layout { columns: columns.collect(), ..Layout::default() }
}

fn print(layout: &Layout) -> String {
    let columns = layout.columns.iter().map(|column| {
        let tabs = column.tabs.iter().enumerate();
        let tabs =
            tabs.map(|(at, tab)| format!("{}{tab}", if at == column.active { "*" } else { "" }));
        tabs.collect::<Vec<_>>().join(" ")
    });
    columns.collect::<Vec<_>>().join(" | ")
}
