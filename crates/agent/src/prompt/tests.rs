//! The order of the layers, and who may stand in them.

use std::collections::BTreeMap;

use expect_test::expect;

use super::*;

#[test]
fn the_root_comes_first_and_the_open_files_folder_last() {
    let files = files(&[
        ("AGENT.md", "root"),
        ("AGENTS.md", "root"),
        ("src/AGENTS.md", "src"),
        ("src/ui/CLAUDE.md", "ui"),
        ("src/other/AGENT.md", "not on the way"),
        ("MEMORY.md", "remember"),
        ("src/MEMORY.md", "   "),
    ]);
    let open = [FilePath::parse("src/ui/button.tsx").unwrap()];
    let layers = Layers { global: "Be brief.".to_owned(), project: String::new() };
    let pieces = compile(&layers, &discover(&files, &open), true);
    let shown: Vec<String> = pieces
        .iter()
        .skip(1)
        .map(|it| format!("{} | {}\n{}", it.name, it.reason, it.text))
        .collect();
    expect![[r#"
        Global instructions | yours, for all projects
        # Global instructions

        Be brief.

        AGENT.md | the project's file, for the whole project
        # AGENT.md (a file of the project, for the whole project)

        root

        src/AGENTS.md | the project's file, for `src/`
        # src/AGENTS.md (a file of the project, for `src/`)

        src

        src/ui/CLAUDE.md | the project's file, for `src/ui/`
        # src/ui/CLAUDE.md (a file of the project, for `src/ui/`)

        ui

        MEMORY.md | the project's file, for the whole project
        # MEMORY.md (a file of the project, for the whole project)

        remember
    "#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn a_huge_instruction_is_cut() {
    let files = files(&[("AGENT.md", &"ü".repeat(40_000))]);
    let found = discover(&files, &[]);
    assert!(found[0].cut);
    assert_eq!(found[0].text.len(), 32 * 1024);
}

fn files(list: &[(&str, &str)]) -> BTreeMap<FilePath, Vec<u8>> {
    let file =
        |(path, text): &(&str, &str)| (FilePath::parse(path).unwrap(), text.as_bytes().to_vec());
    list.iter().map(file).collect()
}
