//! What is built is what was tested: every package has one version and a checksum, and none comes from elsewhere than a registry.

use super::files::read;

#[test]
fn what_is_shipped_is_locked() {
    let lock = read("Cargo.lock");
    let mut n_outside = 0;
    for package in lock.split("[[package]]").skip(1) {
        let Some((_, source)) = package.split_once("source = \"") else { continue };
        assert!(source.starts_with("registry+"), "not from a registry: {package}");
        assert!(source.contains("checksum = \""), "without a checksum: {package}");
        n_outside += 1;
    }
    assert!(n_outside > 100, "Cargo.lock has {n_outside} packages of others");
}

#[test]
fn what_the_page_brings_along_is_locked() {
    let lock: serde_json::Value = serde_json::from_str(&read("package-lock.json")).unwrap();
    let packages = lock["packages"].as_object().unwrap();
    for (name, package) in packages.iter().filter(|it| !it.0.is_empty()) {
        assert!(package["integrity"].is_string(), "{name} has no checksum");
    }
    let wanted: serde_json::Value = serde_json::from_str(&read("package.json")).unwrap();
    for kind in ["dependencies", "devDependencies"] {
        for (name, version) in wanted[kind].as_object().into_iter().flatten() {
            let exact =
                version.as_str().is_some_and(|it| it.starts_with(|it: char| it.is_ascii_digit()));
            assert!(exact, "{name} is wanted as {version}, which is no version");
        }
    }
}
