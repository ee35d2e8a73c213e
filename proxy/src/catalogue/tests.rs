//! Which provider answers for which name, and whose key goes where.

use std::path::Path;

use expect_test::{Expect, expect};
use providers::{
    prices::{Own, Quote},
    script,
};

use super::*;
use crate::{
    config::Mention,
    keys::Secret,
    lanes::{LaneLimits, Lanes, Manner, Strategy, Weighted},
};

#[test]
fn a_name_finds_its_provider() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = catalogue(folder.path(), &["ollama", "openai", "anthropic", "mine"]);
    catalogue.set("mine", change("http://box:1/v1", None, &["llama", "a/b"])).unwrap();
    check(&catalogue, "mine/qwen", &expect!["mine: qwen"]);
    check(&catalogue, "openai/gpt-4o", &expect!["openai: gpt-4o"]);
    check(&catalogue, "gpt-4o", &expect!["openai: gpt-4o"]);
    check(
        &catalogue,
        "claude-sonnet-4-5-20250929",
        &expect!["anthropic: claude-sonnet-4-5-20250929"],
    );
    check(&catalogue, "llama", &expect!["mine: llama"]);
    check(&catalogue, "a/b", &expect!["mine: a/b"]);
    check(&catalogue, "nobody-knows", &expect!["anthropic: nobody-knows"]);
    check(&catalogue, "script/demo", &expect!["script demo"]);
    check(
        &catalogue,
        "script/nothing",
        &expect![
            "UnknownModel: There is no model `script/nothing`: /v1/models lists those that can be asked"
        ],
    );
}

#[test]
fn a_name_that_nobody_knows_goes_to_nobody_by_chance() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = catalogue(folder.path(), &["openai", "mine"]);
    check(
        &catalogue,
        "nope/x",
        &expect![
            "UnknownModel: There is no model `nope/x`: no provider of that name is set up, and none lists it; /v1/models lists what can be asked, and Settings take further providers"
        ],
    );
    check(
        &catalogue,
        "meta-llama/llama-3",
        &expect![
            "UnknownModel: There is no model `meta-llama/llama-3`: no provider of that name is set up, and none lists it; /v1/models lists what can be asked, and Settings take further providers"
        ],
    );
    check(
        &catalogue,
        "",
        &expect!["UnknownModel: No model is named; /v1/models lists those that can be asked"],
    );
    check(
        &catalogue,
        " ",
        &expect!["UnknownModel: No model is named; /v1/models lists those that can be asked"],
    );
    check(
        &catalogue,
        "mine/",
        &expect!["UnknownModel: No model is named; /v1/models lists those that can be asked"],
    );
    check(&catalogue, "unheard-of", &expect!["openai: unheard-of"]);
    // Who sells others' models has names with slashes.
    catalogue.set("router", change("https://openrouter.ai/api/v1", Some("k"), &[])).unwrap();
    check(&catalogue, "meta-llama/llama-3", &expect!["router: meta-llama/llama-3"]);
    check(&catalogue, "mine/x", &expect!["mine: x"]);
}

#[test]
fn the_only_server_of_others_models_takes_names_with_slashes() {
    let folder = tempfile::tempdir().unwrap();
    check(&catalogue(folder.path(), &["mine"]), "Qwen/Qwen3-8B", &expect!["mine: Qwen/Qwen3-8B"]);
    let other = tempfile::tempdir().unwrap();
    let vendor = catalogue(other.path(), &[]);
    vendor.set("openai", change("https://api.openai.com/v1", Some("k"), &[])).unwrap();
    check(
        &vendor,
        "Qwen/Qwen3-8B",
        &expect![
            "UnknownModel: There is no model `Qwen/Qwen3-8B`: no provider of that name is set up, and none lists it; /v1/models lists what can be asked, and Settings take further providers"
        ],
    );
}

#[test]
fn what_a_group_names_is_answered_by_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalogue = catalogue(folder.path(), &["openai"]);
    let group = |lanes: &[&str], fallbacks: &[&str]| Group {
        lanes: lanes.iter().map(|it| weighted(it, 1)).collect(),
        fallbacks: fallbacks.iter().map(|it| (*it).to_owned()).collect(),
        ..Group::default()
    };
    catalogue.groups = Groups::from([
        ("lost".to_owned(), group(&["nope/m"], &["nowhere", "nope/n"])),
        ("loop".to_owned(), group(&[], &["loop"])),
        ("good".to_owned(), group(&["nope/m", "openai/a"], &["nowhere", "gpt-4o", "lost"])),
    ]);
    let lanes = Lanes::default();
    let tried =
        |catalogue: &Catalogue, name: &str| match catalogue.routes(name, &lanes, Manner::Whole) {
            Ok(routes) => routes.iter().map(Route::name).collect::<Vec<_>>().join(", "),
            Err(rejection) => format!("{:?}: {}", rejection.code, rejection.message),
        };
    expect![
        "NoProvider: There is no provider `nope` for `nope/m`; add it in easel.toml or in Settings"
    ]
    .assert_eq(&tried(&catalogue, "lost"));
    expect!["UnknownModel: There is no model `loop`: /v1/models lists those that can be asked"]
        .assert_eq(&tried(&catalogue, "loop"));
    expect!["openai/a, openai/gpt-4o"].assert_eq(&tried(&catalogue, "good"));
    let mentions: Vec<_> = catalogue
        .groups
        .iter()
        .flat_map(|(name, it)| {
            let lanes = it.lanes.iter().map(|it| (it.lane.to_string(), true));
            let fallbacks = it.fallbacks.iter().map(|it| (it.clone(), false));
            lanes.chain(fallbacks).map(move |(named, lane)| Mention {
                name: named,
                lane,
                place: name.clone(),
            })
        })
        .collect();
    let notes = |catalogue: &Catalogue| {
        let notes = catalogue.passed_over(&mentions);
        notes.iter().map(|it| format!("{it}\n")).collect::<String>()
    };
    expect![[r#"
        good: is passed over: There is no provider `nope` for `nope/m`; add it in easel.toml or in Settings
        good: is passed over: `nowhere` is no name under `[models]`, and no provider lists it; write it as `provider/model`
        lost: is passed over: There is no provider `nope` for `nope/m`; add it in easel.toml or in Settings
        lost: is passed over: `nowhere` is no name under `[models]`, and no provider lists it; write it as `provider/model`
        lost: is passed over: There is no provider `nope` for `nope/n`; add it in easel.toml or in Settings
    "#]].assert_eq(&notes(&catalogue));
    // Settings can have it later.
    catalogue.set("nope", change("http://nope.example", None, &["nowhere"])).unwrap();
    expect!["nope/m, nope/nowhere, nope/n"].assert_eq(&tried(&catalogue, "lost"));
    assert_eq!(notes(&catalogue), "");
}

#[test]
fn without_a_provider_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = catalogue(folder.path(), &[]);
    check(
        &catalogue,
        "gpt-4o",
        &expect![
            "NoProvider: No model provider is set up; add one in Settings, or choose the scripted demo"
        ],
    );
    catalogue.set("openai", change("https://api.openai.com/v1", None, &[])).unwrap();
    check(
        &catalogue,
        "gpt-4o",
        &expect!["NoProvider: There is no key for `openai`; add one in Settings"],
    );
}

#[test]
fn the_environments_key_stays_with_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = catalogue(folder.path(), &["openai"]);
    let key =
        || catalogue.endpoint("openai").unwrap().key.as_ref().map(|it| it.expose().to_owned());
    assert_eq!(states(&catalogue), "openai FromEnvironment, script NotNeeded");
    assert_eq!(key().as_deref(), Some("key of openai"));

    catalogue.set("openai", change("http://openai.example/other", None, &[])).unwrap();
    assert_eq!(key().as_deref(), Some("key of openai"));
    catalogue.set("openai", change("http://evil.example", None, &[])).unwrap();
    assert_eq!(key(), None);
    catalogue.set("openai", change("http://evil.example", Some("typed"), &[])).unwrap();
    assert_eq!(states(&catalogue), "openai Saved, script NotNeeded");
    assert!(catalogue.remove("openai").unwrap());
    assert_eq!(key().as_deref(), Some("key of openai"));
    assert!(!catalogue.remove("openai").unwrap());
}

#[test]
fn settings_that_make_no_sense_are_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = catalogue(folder.path(), &[]);
    let refused = |id: &str, change| catalogue.set(id, change).unwrap_err().to_string();
    let fine = change("http://x", None, &[]);
    assert!(refused("Mine", fine.clone()).starts_with("a provider's name has"));
    assert!(refused("../x", fine.clone()).starts_with("a provider's name has"));
    assert!(refused("script", fine.clone()).starts_with("a provider's name has"));
    assert!(refused("mine", change("x", None, &[])).starts_with("the address cannot be used"));
    let script = ProviderChange { kind: ProviderKind::Script, ..fine };
    assert_eq!(refused("mine", script), "scripts are not set up here");
    assert_eq!(states(&catalogue), "script NotNeeded");
}

#[track_caller]
fn check(catalogue: &Catalogue, name: &str, expected: &Expect) {
    expected.assert_eq(&match catalogue.route(name) {
        Ok(Route::Script(script)) => format!("script {}", script.name),
        Ok(Route::Endpoint { endpoint, model, .. }) => format!("{}: {model}", endpoint.id),
        Err(rejection) => format!("{:?}: {}", rejection.code, rejection.message),
    });
}

fn states(catalogue: &Catalogue) -> String {
    let states = catalogue.providers().into_iter().map(|it| format!("{} {:?}", it.id, it.key));
    states.collect::<Vec<_>>().join(", ")
}

fn catalogue(data: &Path, configured: &[&str]) -> Catalogue {
    let endpoint = |id: &&str| Endpoint {
        id: (*id).to_owned(),
        kind: ProviderKind::OpenaiCompatible,
        base_url: format!("http://{id}.example/v1"),
        key: Some(Secret::new(format!("key of {id}"))),
        models: Vec::new(),
    };
    let configured = configured.iter().map(endpoint).collect();
    let saved = SavedProviders::read(data).unwrap();
    Catalogue::new(
        configured,
        Groups::new(),
        Prices::default(),
        script::built_in().unwrap(),
        Memory::new(saved),
    )
}

fn change(base_url: &str, key: Option<&str>, models: &[&str]) -> ProviderChange {
    ProviderChange {
        kind: ProviderKind::OpenaiCompatible,
        base_url: base_url.to_owned(),
        key: key.map(str::to_owned),
        models: models.iter().map(|it| (*it).to_owned()).collect(),
    }
}

fn weighted(lane: &str, weight: u32) -> Weighted {
    Weighted { lane: Lane::parse(lane).unwrap(), weight, limits: LaneLimits::default() }
}

#[test]
fn the_cheapest_lane_is_tried_first_and_one_without_a_price_last() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalogue = catalogue(folder.path(), &["a", "b"]);
    let own = |provider: &str, input, output| Own {
        provider: provider.to_owned(),
        model: "m".to_owned(),
        effective_from: None,
        price: Quote { input: Some(input), output: Some(output), ..Quote::default() }.into(),
    };
    catalogue.prices = Prices::new(vec![own("a", 3_000, 8_000), own("b", 4_000, 6_000)]);
    let lanes = vec![weighted("a/unknown-to-all", 9), weighted("a/m", 1), weighted("b/m", 1)];
    let group = Group { lanes, strategy: Strategy::Cost, ..Group::default() };
    catalogue.groups = Groups::from([("g".to_owned(), group)]);
    for _ in 0..3 {
        let routes = catalogue.routes("g", &Lanes::default(), Manner::Whole).unwrap();
        let names: Vec<String> = routes.iter().map(Route::name).collect();
        assert_eq!(names, ["b/m", "a/m", "a/unknown-to-all"]);
    }
}

#[test]
fn a_group_tries_its_lanes_and_then_its_fallbacks() {
    let group = |lanes: &[(&str, u32)], fallbacks: &[&str]| Group {
        lanes: lanes.iter().map(|it| weighted(it.0, it.1)).collect(),
        fallbacks: fallbacks.iter().map(|it| (*it).to_owned()).collect(),
        ..Group::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let mut catalogue = catalogue(folder.path(), &["a", "b"]);
    catalogue.groups = Groups::from([
        ("fast".to_owned(), group(&[("a/m", 2), ("b/m", 1)], &["slow", "fast", "a/m", "a/last"])),
        ("slow".to_owned(), group(&[("b/slow", 1), ("none/x", 1)], &["fast"])),
        ("gone".to_owned(), group(&[("script/none", 1)], &[])),
    ]);
    let lanes = Lanes::default();
    let tried = |name: &str| -> Vec<String> {
        let routes = catalogue.routes(name, &lanes, Manner::Whole).unwrap();
        let lanes = routes.iter().filter_map(Route::lane);
        lanes.map(|it| it.to_string()).collect()
    };
    let expected = ["a/m", "b/m", "b/slow", "a/last"];
    assert_eq!(tried("fast"), expected);
    let mut firsts: Vec<String> = (0..6).map(|_| tried("fast").swap_remove(0)).collect();
    firsts.sort();
    assert_eq!(firsts, ["a/m", "a/m", "a/m", "a/m", "b/m", "b/m"]);
    assert_eq!(tried("b/other"), ["b/other"]);
    let gone = catalogue.routes("gone", &lanes, Manner::Whole).unwrap_err();
    assert_eq!(gone.code, RejectionCode::UnknownModel);
}
