//! What the data folder holds, and who may read it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use wire::{ProviderChange, ProviderKind};

use super::*;

#[test]
fn the_token_stays_and_only_its_owner_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("new");
    let made = token(&data).unwrap();
    assert_eq!(made.expose().len(), 64);
    assert_eq!(token(&data).unwrap(), made);
    assert_eq!((mode(&data), mode(&data.join("token"))), (0o700, 0o600));
}

#[test]
fn a_file_that_others_could_read_is_made_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, "abc\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(token(folder.path()).unwrap().expose(), "abc");
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn a_key_is_kept_until_its_address_changes() {
    let folder = tempfile::tempdir().unwrap();
    let key = |saved: &SavedProviders| saved.all()["mine"].key.clone();
    let mut saved = SavedProviders::read(folder.path()).unwrap();
    saved.set("mine", change("https://a.example/v1", Some("k1"))).unwrap();
    saved.set("mine", change("https://a.example/v2", None)).unwrap();
    assert_eq!(key(&saved), Some(Secret::new("k1")));
    assert_eq!(mode(&folder.path().join("providers.json")), 0o600);

    let mut saved = SavedProviders::read(folder.path()).unwrap();
    assert_eq!(key(&saved), Some(Secret::new("k1")));
    saved.set("mine", change("https://evil.example/v2", None)).unwrap();
    assert_eq!(key(&saved), None);
    saved.set("mine", change("https://evil.example/v2", Some("k2"))).unwrap();
    saved.set("mine", change("https://evil.example/v2", Some(" "))).unwrap();
    assert_eq!(key(&saved), None);
    assert!(saved.remove("mine").unwrap());
    assert!(!saved.remove("mine").unwrap());
    assert!(SavedProviders::read(folder.path()).unwrap().all().is_empty());
}

#[test]
fn a_save_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut saved = SavedProviders::read(&data).unwrap();
    fs::write(&data, "a file where the folder should be").unwrap();
    let err = saved.set("mine", change("https://a.example", Some("sk-secret"))).unwrap_err();
    assert!(!format!("{err} {err:?}").contains("secret"));
    assert!(saved.all().is_empty());
}

#[test]
fn a_damaged_file_is_named_without_its_contents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("providers.json");
    for text in ["{\"version\":1,\"providers\":{\"a\":{\"key\":\"sk-secret\"}}}", "sk-secret", ""] {
        fs::write(&path, text).unwrap();
        let err = SavedProviders::read(folder.path()).unwrap_err();
        assert!(err.to_string().contains("mend it, or move it away"), "{err}");
        assert!(!format!("{err} {err:?}").contains("secret"));
    }
    fs::write(&path, "{\"version\":2,\"providers\":{}}").unwrap();
    let err = SavedProviders::read(folder.path()).unwrap_err();
    assert!(err.to_string().contains("it is of version 2"));
}

#[test]
fn a_clients_key_is_shown_once_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut clients = Clients::read(folder.path()).unwrap();
    let key = clients.add("editor").unwrap();
    assert!(matches!(clients.add("editor"), Err(BadStore::Taken(_))));
    let clients = Clients::read(folder.path()).unwrap();
    assert_eq!(clients.find(key.expose()), Some("editor"));
    assert_eq!(clients.find("easel-x"), None);
    assert_eq!(clients.find(""), None);
    let kept = fs::read_to_string(folder.path().join("clients.json")).unwrap();
    assert!(!kept.contains(key.expose()));
    assert_eq!(mode(&folder.path().join("clients.json")), 0o600);
}

#[test]
fn a_secret_is_not_for_looking_at() {
    let secret = Secret::new("hunter2\n");
    assert_eq!(format!("{secret:?}"), "Secret");
    assert!(secret.matches("hunter2"));
    assert!(!secret.matches("hunter"));
    assert!(!Secret::new("").matches(""));
}

fn change(base_url: &str, key: Option<&str>) -> ProviderChange {
    ProviderChange {
        kind: ProviderKind::OpenaiCompatible,
        base_url: base_url.to_owned(),
        key: key.map(str::to_owned),
        models: Vec::new(),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
