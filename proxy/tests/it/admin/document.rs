//! The API's document names every address that there is, and no other.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use crate::easel::{Ask, Easel};

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

fn document() -> Value {
    let text = include_str!("../../../openapi.json");
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_route_of_the_source_is_in_the_document_and_the_other_way_round() {
    let mut routes = BTreeSet::new();
    collect(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http")), &mut routes);
    collect_file(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http.rs")), &mut routes);
    assert!(routes.len() > 30, "{routes:?}");
    let document = document();
    let documented: BTreeSet<String> =
        document["paths"].as_object().unwrap().keys().cloned().collect();
    let missing: Vec<_> = routes.difference(&documented).collect();
    let made_up: Vec<_> = documented.difference(&routes).collect();
    assert!(missing.is_empty(), "not in openapi.json: {missing:?}");
    assert!(made_up.is_empty(), "only in openapi.json: {made_up:?}");
}

#[tokio::test]
async fn each_address_takes_the_methods_of_the_document() {
    let easel = Easel::start().await;
    for (path, item) in document()["paths"].as_object().unwrap() {
        for method in METHODS {
            let address = path.replace("{scope}", "key").replace("{file}", "admin.js");
            let address = address.replace("{target}", "x:generateContent").replace(['{', '}'], "");
            let request = Ask { method, path: &address, headers: &[], body: "" };
            let status = easel.ask(&easel.home(), request).await.status;
            let documented = item.get(method.to_lowercase()).is_some();
            assert_eq!(status == 405, !documented, "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn the_document_is_served_and_says_what_it_is() {
    let easel = Easel::start().await;
    let served = easel.ask(&easel.home(), Ask::get("/admin/api/openapi.json", &[])).await;
    assert_eq!(served.json(), document());
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, it) in item.as_object().unwrap().iter().filter(|it| it.0 != "parameters") {
            let id = it["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path}"));
            assert!(ids.insert(id.to_owned()), "{id} twice");
            assert!(it["responses"].as_object().is_some_and(|it| !it.is_empty()), "{id}");
        }
    }
}

fn collect(folder: &Path, routes: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, routes),
            false => collect_file(&path, routes),
        }
    }
}

/// Takes the texts after `.route(`, which stand in the source as they are.
fn collect_file(path: &Path, routes: &mut BTreeSet<String>) {
    let text = fs::read_to_string(path).unwrap();
    for part in text.split(".route(").skip(1) {
        let address = part.trim_start().strip_prefix('"').unwrap_or_else(|| {
            panic!("{}: a route is written as a text, so that it is found", path.display())
        });
        let address = address.split('"').next().unwrap();
        // A rest of a path is one parameter to the document.
        routes.insert(address.replace("{*", "{"));
    }
}
