//! Where an answer leads, and what an address must be like.

use super::*;

#[test]
fn a_redirect_is_read_against_the_page_it_comes_from() {
    for (from, status, location, expected) in [
        ("https://a.example/x/y?q", 302, "z", Ok(Some("https://a.example/x/z"))),
        ("https://a.example/x", 301, "//b.example/", Ok(Some("https://b.example/"))),
        ("http://a.example/", 308, "https://a.example/", Ok(Some("https://a.example/"))),
        ("http://a.example/", 307, "http://10.0.0.1/", Ok(Some("http://10.0.0.1/"))),
        ("https://a.example/", 303, "http://a.example/", Err("The page leads from https")),
        ("https://a.example/", 302, "ftp://a.example/", Err("The page leads from https")),
        ("https://a.example/", 302, "http://[", Err("This address cannot be asked")),
        ("https://a.example/", 200, "z", Ok(None)),
        ("https://a.example/", 304, "z", Ok(None)),
    ] {
        let answer = Response::builder().status(status).header("location", location).body(());
        let led = leads_to(&Url::parse(from).unwrap(), &answer.unwrap());
        match (led, expected) {
            (Ok(url), Ok(expected)) => assert_eq!(url.as_ref().map(Url::as_str), expected),
            (Err(err), Err(expected)) => assert!(err.to_string().starts_with(expected), "{err}"),
            (led, expected) => panic!("{location}: {led:?}, not {expected:?}"),
        }
    }
    let nowhere = Response::builder().status(302).body(()).unwrap();
    assert!(leads_to(&Url::parse("https://a.example/").unwrap(), &nowhere).unwrap().is_none());
}

#[tokio::test]
async fn only_addresses_of_the_web_are_judged_further() {
    let hosts = vec![Pattern::parse("*").unwrap()];
    let policy = Policy { hosts, ..Policy::default() };
    let outbound = Outbound::new(policy, Arc::new(System), Duration::from_secs(1));
    let long = format!("https://a.example/{}", "x".repeat(ADDRESS_LIMIT_BYTES));
    for (address, expected) in [
        ("https://a.example/x?y#z", "https://a.example/x?y"),
        ("ftp://a.example/", "it must begin with http:// or https://"),
        ("file:///etc/passwd", "it must begin with http:// or https://"),
        ("data:text/html,x", "it must begin with http:// or https://"),
        ("https://u@a.example/", "it holds a name or a password"),
        ("https://:p@a.example/", "it holds a name or a password"),
        ("https://a.example:25/", "`a.example:25` is not among the hosts"),
        (&long, "it is too long"),
    ] {
        let judged = outbound.judge(&Url::parse(address).unwrap(), "fetch-hosts");
        let told = judged.map_or_else(|it| it.to_string(), |it| it.to_string());
        assert!(told.contains(expected), "{told}");
    }
}
