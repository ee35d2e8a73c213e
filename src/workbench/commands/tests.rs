//! The tables as a whole, and shortcuts.

use expect_test::expect;

use super::{keys::Press, *};
use crate::i18n::EN;

#[test]
fn every_command_has_an_id_and_a_title_of_its_own() {
    let mut ids: Vec<&str> = all().map(|it| it.id).collect();
    let mut titles: Vec<&str> = all().map(|it| (it.title)(&EN.commands)).collect();
    let n = ids.len();
    ids.sort_unstable();
    ids.dedup();
    titles.sort_unstable();
    titles.dedup();
    assert_eq!((ids.len(), titles.len()), (n, n));
}

#[test]
fn no_two_commands_share_a_shortcut() {
    for apple in [false, true] {
        let mut shown: Vec<String> =
            all().flat_map(|it| it.keys).map(|it| keys::shown(it, apple)).collect();
        let n = shown.len();
        shown.sort_unstable();
        shown.dedup();
        assert_eq!(shown.len(), n);
    }
}

#[test]
fn shortcuts_are_shown_as_the_system_does() {
    let list: String = all()
        .filter_map(|it| Some((it.id, it.keys.first()?)))
        .map(|(id, it)| format!("{id}: {} | {}\n", keys::shown(it, false), keys::shown(it, true)))
        .collect();
    expect![[r#"
        palette: Ctrl+Shift+P | ⇧⌘P
        quick-open: Ctrl+P | ⌘P
        settings: Ctrl+, | ⌘,
        shortcuts: Shift+F1 | ⇧F1
        save: Ctrl+S | ⌘S
        focus-chat: Ctrl+Alt+I | ⌃⌥I
        toggle-side: Ctrl+B | ⌘B
        toggle-chat: Ctrl+Alt+B | ⌥⌘B
        show-files: Ctrl+Shift+E | ⇧⌘E
        show-preview: Alt+P | ⌥P
        show-changes: Ctrl+Shift+G | ⇧⌘G
        show-history: Alt+H | ⌥H
        toggle-console: Ctrl+J | ⌘J
        split: Ctrl+\ | ⌘\
        close-tab: Alt+W | ⌥W
        next-tab: Alt+PageDown | ⌥PageDown
        previous-tab: Alt+PageUp | ⌥PageUp
        next-part: F6 | F6
        previous-part: Shift+F6 | ⇧F6
        reload-preview: Alt+R | ⌥R
        stop-reply: Ctrl+Shift+Backspace | ⇧⌘Backspace
        apply: Ctrl+Shift+Enter | ⇧⌘Enter
    "#]]
    .assert_eq(&list);
}

#[test]
fn a_shortcut_needs_exactly_its_modifiers() {
    let press = |key: &str| Press { key: key.to_owned(), control: true, ..Press::default() };
    assert!(keys::matches("Mod+P", &press("p"), false));
    assert!(!keys::matches("Mod+P", &press("p"), true));
    assert!(!keys::matches("Mod+Shift+P", &press("P"), false));
    assert!(keys::matches("Mod+Shift+P", &Press { shift: true, ..press("P") }, false));
    assert!(!keys::matches("Mod+P", &press("q"), false));
    assert!(keys::matches("Mod+\\", &press("\\"), false));
    assert!(keys::matches("F1", &Press { key: "F1".to_owned(), ..Press::default() }, true));
}

#[test]
fn other_layouts_have_shortcuts_by_place() {
    let press = |key: &str, code: &str| Press {
        key: key.to_owned(),
        code: code.to_owned(),
        control: true,
        ..Press::default()
    };
    assert!(keys::matches("Mod+P", &press("з", "KeyP"), false), "Russian");
    assert!(!keys::matches("Mod+P", &press("l", "KeyP"), false), "Dvorak has its own P");
    let option = Press { alt: true, control: false, ..press("˙", "KeyH") };
    assert!(keys::matches("Alt+H", &option, true), "Option changes letters");
}
