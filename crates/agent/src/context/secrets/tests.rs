//! Shapes that are keys, and texts that only look like some. The keys are made up.

use super::*;

#[test]
fn keys_are_found_by_their_shape() {
    let check = |text: &str, looks_like: &str| {
        let found = secrets(text);
        let kinds: Vec<&str> = found.iter().map(|it| it.looks_like).collect();
        assert_eq!(kinds, [looks_like], "{text}");
    };
    let random = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5z";
    check("-----BEGIN RSA PRIVATE KEY-----", "a private key");
    check("-----BEGIN OPENSSH PRIVATE KEY-----", "a private key");
    check(&format!("{}{}", "AKIA", "QWERTZUIOP234567"), "an AWS access key");
    check(&format!("token: ghp_{random}"), "a GitHub token");
    check(&format!("github_pat_11A_{random}{random}"), "a GitHub token");
    check(&format!("x=\"xoxb-123-{random}\""), "a Slack token");
    check(&format!("https://hooks.slack.com/services/T0/B0/{random}"), "a Slack webhook");
    check(&format!("AIza{}", &random[..35]), "a Google API key");
    check(&format!("('{}_live_{random}')", "sk"), "a Stripe key");
    check(&format!("sk-ant-api03-{random}"), "an Anthropic API key");
    check(&format!("sk-proj-{random}"), "an OpenAI API key");
    check(&format!("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{random}"), "a JSON web token");
    check("postgres://app:hunter22@db.local/app", "a password in a URL");
    check("DB_PASSWORD=kX9!mQ2@vL5#pR8w", "a key or password");
    check(&format!("const apiKey = \"{random}\";"), "a key or password");
    check(&format!("  aws_secret_access_key: {random}"), "a key or password");
}

#[test]
fn other_texts_are_left_alone() {
    for text in [
        "",
        "const token = await getToken(request.headers);",
        "apiKey: process.env.API_KEY_FOR_SERVICE_1",
        "API_KEY=your-api-key-goes-here-12345",
        "password: 'xxxxxxxxxxxxxxxxxxxx1'",
        "TOKEN=${GITHUB_TOKEN_FROM_CI_2}",
        "secret = \"<your secret 1234567890>\"",
        "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "commit 44e2f59a0d3c4b5e6f708192a3b4c5d6e7f80912",
        "https://example.org/a:b@c",
        "https://user@example.org/",
        "import { tokenize } from './tokenizer2';",
        "sk-learn is a library, and task-runner-2000-or-something-else too",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "password = input(\"Enter your password 1: \")",
        "the token:  a word that stands for 16 others in the 2nd language",
    ] {
        assert_eq!(secrets(text), [], "{text}");
    }
}

#[test]
fn lines_are_counted_and_the_scan_is_bounded() {
    let key = format!("sk-ant-{}", "a1B2c3D4e5F6g7H8i9J0k1");
    let found = secrets(&format!("\n\nx {key}\r\n"));
    assert_eq!(found, [Found { line: 3, looks_like: "an Anthropic API key" }]);
    assert_eq!(secrets(&format!("{key}\n").repeat(1_000)).len(), 100);
    drop(secrets(&"password=".repeat(50_000)));
    drop(secrets(&"://a:b@".repeat(50_000)));
    drop(secrets(&"é".repeat(2_100_000)));
}
