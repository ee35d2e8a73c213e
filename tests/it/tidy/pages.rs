//! The documents: every decision can be found, and every test that `docs/capabilities.md` names exists.

use super::files::{files, read, root};

#[test]
fn every_decision_is_linked() {
    let pages = files(&["md"]);
    let decisions =
        pages.iter().filter(|it| it.starts_with("docs/decisions/") && !it.ends_with("README.md"));
    let list = read("docs/decisions/README.md");
    for page in decisions {
        let name = page.rsplit('/').next().unwrap_or_default();
        assert!(
            list.contains(&format!("]({name})")),
            "docs/decisions/README.md does not link {name}"
        );
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    for page in files(&["md"]) {
        let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in links(&read(&page)) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let target = root().join(folder).join(file);
            assert!(target.exists(), "{page} links {link}, which is not there");
        }
    }
}

#[test]
fn capabilities_name_tests_that_exist() {
    if !root().join("docs/capabilities.md").exists() {
        return;
    }
    let sources: String = files(&["rs", "mjs"]).iter().map(|it| read(it)).collect();
    for (row, test) in proofs(&read("docs/capabilities.md")) {
        assert!(sources.contains(&test), "{row}: there is no test `{test}`");
    }
}

/// What `docs/api.md` has for who knows other servers: doors of the proxy, and wishes of the app.
#[test]
fn what_stands_beside_other_servers_doors_is_there() {
    let document = read("proxy/openapi.json");
    let (mut n_doors, mut n_wishes) = (0, 0);
    for (row, here) in proofs(&read("docs/api.md").replace("::", " has ")) {
        let Some((what, rest)) = here.split_once(' ') else { continue };
        if let Some(wish) = rest.strip_prefix("has ") {
            let module = read(&format!("crates/link/src/{}.rs", what.to_lowercase()));
            let named =
                [" {", "(", ","].iter().any(|it| module.contains(&format!("\n    {wish}{it}")));
            assert!(named, "{row}: there is no wish {what}::{wish}");
            n_wishes += 1;
        } else if rest.starts_with('/') {
            let item = document.split(&format!("\n  \"{rest}\": {{")).nth(1).unwrap_or_default();
            let item = item.split("\n  \"/").next().unwrap_or_default();
            let method = format!("\n   \"{}\": {{", what.to_lowercase());
            assert!(item.contains(&method), "{row}: the proxy has no {here}");
            n_doors += 1;
        }
    }
    assert!(n_doors > 10 && n_wishes > 10, "{n_doors} doors, {n_wishes} wishes");
}

/// Returns the rows `| ID | … | test |` with each test in backquotes of the last column.
fn proofs(page: &str) -> Vec<(String, String)> {
    let mut proofs = Vec::new();
    for line in page.lines().filter(|it| it.starts_with('|')) {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let (Some(id), Some(tests)) = (cells.first(), cells.last()) else { continue };
        for quoted in tests.split('`').skip(1).step_by(2) {
            // A Rust test may be named with its module; the last part is the function.
            let name = quoted.rsplit("::").next().unwrap_or_default();
            proofs.push(((*id).to_owned(), name.to_owned()));
        }
    }
    proofs
}

/// Returns what `[…](…)` points at, outside code blocks.
fn links(page: &str) -> Vec<String> {
    let outside = page.split("```").step_by(2);
    let after = outside.flat_map(|it| it.split("](").skip(1));
    after.filter_map(|it| it.split_once(')')).map(|(link, _)| link.to_owned()).collect()
}

#[test]
fn a_row_may_name_several_tests() {
    let page = "| ID | what | test |\n|---|---|---|\n| ACT-1 | x | `a::b_works`, `c` |\n";
    let expected =
        [("ACT-1", "b_works"), ("ACT-1", "c")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(proofs(page), expected);
}
