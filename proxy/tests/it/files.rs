//! The app's files and a preview host's: what comes, compressed how, kept how long, allowed what.

use std::fs;

use crate::easel::{Answer, Ask, Easel};

const HASHED: &str = "core-0123456789abcdef_bg.wasm";

#[tokio::test]
async fn files_come_compressed_to_those_who_take_it() {
    let easel = easel().await;
    let path = format!("/{HASHED}");
    let brotli = get(&easel, &path, &[("accept-encoding", "gzip, br")]).await;
    assert_eq!((brotli.text().as_str(), brotli.header("content-encoding")), ("compressed", "br"));
    assert_eq!(brotli.header("content-type"), "application/wasm");
    let plain = get(&easel, &path, &[("accept-encoding", "gzip")]).await;
    assert_eq!((plain.text().as_str(), plain.header("content-encoding")), ("plain", ""));
    assert_ne!(plain.header("etag"), brotli.header("etag"));
    assert!(plain.header("vary").contains("accept-encoding"));
}

#[tokio::test]
async fn a_compressed_file_of_another_build_is_not_used() {
    let easel = easel().await;
    std::thread::sleep(std::time::Duration::from_millis(20));
    fs::write(easel.site().join(HASHED), "newer").unwrap();
    let answer = get(&easel, &format!("/{HASHED}"), &[("accept-encoding", "br")]).await;
    assert_eq!(answer.text(), "newer");
}

#[tokio::test]
async fn names_with_a_hash_stay_and_others_are_asked_for_again() {
    let easel = easel().await;
    let kept = get(&easel, &format!("/{HASHED}"), &[]).await;
    assert_eq!(kept.header("cache-control"), "public, max-age=31536000, immutable");
    for path in ["/", "/index.html", "/sw.js", "/precache.json"] {
        let answer = get(&easel, path, &[]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("cache-control")),
            (200, "no-cache"),
            "{path}"
        );
        let tag = answer.header("etag");
        let again = get(&easel, path, &[("if-none-match", tag)]).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), tag);
    }
}

#[tokio::test]
async fn places_within_the_app_are_the_app_and_missing_files_are_missing() {
    let easel = easel().await;
    let html = [("accept", "text/html,application/xhtml+xml")];
    for path in ["/", "/p/prj_1", "/settings"] {
        let answer = get(&easel, path, &html).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text().as_str()),
            (200, "<!doctype html>"),
            "{path}"
        );
    }
    for path in ["/no.js", "/p/no.wasm", "/preview/boot.html", "/preview/__easel/relay.html"] {
        assert_eq!(get(&easel, path, &html).await.status, 404, "{path}");
    }
    for path in ["/../data/token", "/%2e%2e/data/token", "/..%2fdata/token", "/.hidden"] {
        assert_eq!(get(&easel, path, &[]).await.status, 404, "{path}");
    }
    assert_eq!(get(&easel, "/p/prj_1", &[]).await.status, 404);
    let post = Ask { method: "POST", path: "/", headers: &[], body: "" };
    assert_eq!(easel.ask(&easel.home(), post).await.status, 405);
    let head = Ask { method: "HEAD", ..Ask::get("/", &[]) };
    let head = easel.ask(&easel.home(), head).await;
    assert_eq!(
        (head.status.as_u16(), head.header("content-length"), head.body.len()),
        (200, "15", 0)
    );
}

#[tokio::test]
async fn the_app_may_run_its_own_scripts_and_show_previews_only() {
    let easel = easel().await;
    let answer = get(&easel, "/", &[]).await;
    let policy = answer.header("content-security-policy");
    let port = easel.address.port();
    for part in [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "connect-src 'self'",
        "img-src 'self' data: blob:",
        &format!("frame-src 'self' http://*.preview.easel.localhost:{port}"),
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.split("; ").any(|it| it == part), "{part} is not in {policy}");
    }
    assert!(!policy.contains("'unsafe-eval'"));
    hardened(&answer);
}

#[tokio::test]
async fn one_worker_of_the_app_may_ask_providers() {
    let easel = easel().await;
    let answer = get(&easel, "/caller_loader.js", &[]).await;
    assert_eq!(
        answer.header("content-security-policy"),
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' \
         https://api.anthropic.com https://api.openai.com https://openrouter.ai \
         https://generativelanguage.googleapis.com http://localhost:* http://127.0.0.1:*"
    );
    for path in ["/", "/app.js", &format!("/{HASHED}")] {
        let policy = get(&easel, path, &[]).await.header("content-security-policy").to_owned();
        assert!(policy.contains("connect-src 'self';"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn a_preview_host_serves_its_boot_page_and_nothing_else() {
    let easel = easel().await;
    let host = format!("pv-a1b2c3d4.preview.{}", easel.home());
    let html = [("accept", "text/html")];
    for path in ["/", "/any/page", "/index.html", "/boot.html"] {
        let answer = easel.ask(&host, Ask::get(path, &html)).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "boot"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache");
        let port = easel.address.port();
        assert_eq!(
            answer.header("content-security-policy"),
            format!(
                "frame-ancestors http://easel.localhost:{port} http://localhost:{port} http://127.0.0.1:{port}"
            )
        );
        hardened(&answer);
    }
    let worker = easel.ask(&host, Ask::get("/__easel_sw.js", &[])).await;
    assert_eq!((worker.text().as_str(), worker.header("service-worker-allowed")), ("worker", "/"));
    assert_eq!(worker.header("content-type"), "text/javascript; charset=utf-8");
    let relay = easel.ask(&host, Ask::get("/__easel/relay.html", &html)).await;
    assert_eq!(relay.text(), "relay");
    for path in [
        "/app.js",
        "/document.html",
        "/__easel/none.js",
        "/__easel/../boot.html",
        &format!("/{HASHED}"),
    ] {
        assert_eq!(easel.ask(&host, Ask::get(path, &[])).await.status, 404, "{path}");
    }
    let post = Ask { method: "POST", path: "/", headers: &html, body: "" };
    assert_eq!(easel.ask(&host, post).await.status, 404);
}

#[tokio::test]
async fn the_self_contained_document_has_an_origin_of_nobody() {
    let easel = easel().await;
    let answer = get(&easel, "/preview/document.html", &[("accept", "text/html")]).await;
    assert_eq!(answer.text(), "document");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("sandbox allow-scripts") && !policy.contains("allow-same-origin"));
    assert!(policy.ends_with("frame-ancestors 'self'"));

    let nobody = [("origin", "null"), ("sec-fetch-site", "cross-site")];
    let script = get(&easel, "/preview/document.js", &nobody).await;
    assert_eq!(script.status, 200);
    assert_eq!(script.text(), "script");
    assert_eq!(script.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(get(&easel, "/sw.js", &nobody).await.status, 403);
}

#[tokio::test]
async fn a_site_that_is_not_built_says_so() {
    let easel = Easel::start().await;
    let answer = get(&easel, "/", &[("accept", "text/html")]).await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("cargo xtask start"));
}

fn hardened(answer: &Answer) {
    assert_eq!(answer.header("origin-agent-cluster"), "?1");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert!(answer.header("permissions-policy").contains("camera=()"));
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
}

async fn get(easel: &Easel, path: &str, headers: &[(&str, &str)]) -> Answer {
    easel.ask(&easel.home(), Ask::get(path, headers)).await
}

async fn easel() -> Easel {
    let easel = Easel::start().await;
    let site = easel.site();
    fs::create_dir_all(site.join("preview/__easel")).unwrap();
    for (name, text) in [
        ("index.html", "<!doctype html>"),
        ("sw.js", "worker"),
        ("precache.json", "{}"),
        (HASHED, "plain"),
        (&format!("{HASHED}.br"), "compressed"),
        ("preview/boot.html", "boot"),
        ("preview/document.html", "document"),
        ("preview/document.js", "script"),
        ("preview/__easel_sw.js", "worker"),
        ("preview/__easel/relay.html", "relay"),
    ] {
        fs::write(site.join(name), text).unwrap();
    }
    easel
}
