//! What replies look like, that it does not matter how they were cut, and that nothing gets out.

use expect_test::{Expect, expect};

use super::*;

#[test]
fn blocks_are_rendered_one_by_one() {
    check(
        "# Title\n\nSome *text* and **more**\nwith `code`.\n\n- one\n- [x] two\n\n1. a\n2. b\n\n> quoted\n\n---\n",
        expect![[r##"
            <h3>Title</h3>
            ---
            <p>Some <em>text</em> and <strong>more</strong>
            with <code>code</code>.</p>
            ---
            <ul>
            <li>one</li>
            <li>☑ two</li>
            </ul>
            ---
            <ol>
            <li>a</li>
            <li>b</li>
            </ol>
            ---
            <blockquote>
            <p>quoted</p>
            </blockquote>
            ---
            <hr>
            ---
        "##]],
    );
}

#[test]
fn code_keeps_its_language_and_file() {
    check(
        "Change this:\n\n**src/a.ts**\n```ts\nlet a = 1 < 2;\n```\n~~~~css style.css\na { }\n~~~\n~~~~\n    indented\n",
        expect![[r#"
            <p>Change this:</p>
            ---
            <p><strong>src/a.ts</strong></p>
            ---
            [ts src/a.ts]
            let a = 1 < 2;
            ---
            [css style.css]
            a { }
            ~~~
            ---
            []
            indented
            ---
        "#]],
    );
}

#[test]
fn code_in_a_list_stays_in_the_list() {
    check(
        "1. First\n\n   ```ts\n   let a = 1;\n   ```\n2. Second\n",
        expect![[r#"
            <ol>
            <li><p>First</p>
            <pre><code>let a = 1;
            </code></pre>
            </li>
            <li><p>Second</p>
            </li>
            </ol>
            ---
        "#]],
    );
}

#[test]
fn links_and_images_do_only_what_is_known() {
    check(
        "[web](https://example.org/?a=1&b=2 \"t\") [file](src/a.ts#L3) `src/b.ts:12` `b.ts` [bad](javascript:alert(1)) <https://example.org>\n\n![pic](https://example.org/p.png) ![own](img/a.png) ![d](data:image/png;base64,AA) ![](https://example.org/x)",
        expect![[r#"
            <p><a href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">web</a> <a class="file-link" role="link" tabindex="0" data-path="src/a.ts" data-line="3">file</a> <a class="file-link" role="link" tabindex="0" data-path="src/b.ts" data-line="12"><code>src/b.ts:12</code></a> <code>b.ts</code> bad <a href="https://example.org" target="_blank" rel="noopener noreferrer nofollow">https://example.org</a></p>
            ---
            <p><span class="remote-image" role="button" tabindex="0" data-src="https://example.org/p.png">pic</span> <a class="file-link" role="link" tabindex="0" data-path="img/a.png">own</a> d <span class="remote-image" role="button" tabindex="0" data-src="https://example.org/x">image</span></p>
            ---
        "#]],
    );
}

#[test]
fn tables_are_tables() {
    check(
        "| a | b |\n|:-:|--:|\n| 1 | `2` |\n",
        expect![[r#"
            <table>
            <thead><tr><th class="align-center">a</th><th class="align-end">b</th></tr></thead>
            <tr><td class="align-center">1</td><td class="align-end"><code>2</code></td></tr>
            </table>
            ---
        "#]],
    );
}

#[test]
fn finished_blocks_never_change_and_cuts_do_not_matter() {
    let mut dice = 7_u64;
    for text in SAMPLES.iter().chain(HOSTILE) {
        let whole = blocks(text);
        for _ in 0..15 {
            let mut stream = Blocks::default();
            let mut seen: Vec<Block> = Vec::new();
            let mut rest = *text;
            while !rest.is_empty() {
                dice = dice
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let at = 1 + usize::try_from(dice >> 33).unwrap() % 9;
                let at = rest.ceil_char_boundary(at.min(rest.len()));
                stream.push(&rest[..at]);
                rest = &rest[at..];
                assert!(stream.finished().starts_with(&seen), "{text:?}");
                seen = stream.finished().to_vec();
                stream.blocks().iter().for_each(assert_harmless);
                assert!(text.starts_with(stream.text()));
            }
            stream.finish();
            assert_eq!(stream.finished(), whole, "{text:?}");
        }
    }
}

#[test]
fn the_end_of_a_fence_is_not_shown_as_code() {
    let mut stream = Blocks::default();
    stream.push("```ts\nlet a;\n``");
    let code =
        |text: &str| Block::Code { language: "ts".to_owned(), path: None, text: text.to_owned() };
    assert_eq!(stream.blocks(), [code("let a;\n")]);
    stream.push("`\n");
    assert_eq!(stream.finished(), [code("let a;\n")]);
}

#[test]
fn nothing_hostile_gets_out() {
    for text in HOSTILE {
        blocks(text).iter().for_each(assert_harmless);
    }
}

#[test]
fn deep_nesting_is_flattened() {
    for text in [">".repeat(5_000) + " x", "- ".repeat(2_000) + "x", "[".repeat(10_000)] {
        for block in blocks(&text) {
            let Block::Html(html) = &block else { panic!("no code here") };
            assert!(html.matches("<blockquote>").count() <= DEEP);
            assert!(html.matches("<li>").count() <= DEEP);
            assert_harmless(&block);
        }
    }
}

#[test]
fn a_huge_block_is_shown_as_it_is() {
    let text = "a <b> ".repeat(60_000);
    let Block::Html(html) = &blocks(&text)[0] else { panic!("no code here") };
    assert!(html.starts_with("<pre>a &lt;b&gt; a"));
}

const DEEP: usize = 24;

const SAMPLES: &[&str] = &[
    "a\n\n- b\n*c* d\n\n1. e\n2. f\n\n   g\n\nh\n===\n\ni\n---\n",
    "para\n| a | b |\n|---|---|\n| 1 | 2 |\n\nafter\n",
    "- a\n\n- b\n\n      code\n\nc\n\n    code\n\n- d\n-- e\n",
    "x\n```\ncode\n```\ny\n~~~ts\nmore\n\n\n~~~\n> q\n```\nnot in quote\n```\n",
    "```ts src/a.ts\nno end",
    "`src/a.ts`:\n\n```\na\n```\n\n```\nb\n```\n",
    "- item\n  ```\n  in list\n  ```\n- next\n```\ntop\n```\n",
    "[a]: https://example.org\n\n[a] and [b]\n\n[b]: https://example.org\n",
    "<div>\n\ntext\n\n</div>\n\n<!-- a\n\nb -->\nc\n",
    "a\r\n\r\n- b\r\n- c\r\n\r\n```\r\nd\r\n```\r\n",
    "Ünï\u{301}code 👩‍💻 **fett**\n\n> zitat\nlazy\n",
    "    code\n\n    more\ntext\n",
    "1) a\n2. b\n-\n-\n+\n\n***\n___\n# h\n#no\n",
    "text\n  ```\n  indented fence\n ```\nend\n",
];

const HOSTILE: &[&str] = &[
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example></sCrIpT>",
    "a <b onclick=alert(1)>b</b>",
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<math><mi//xlink:href=\"data:x,<script>alert(4)</script>\">",
    "<!--><img src=x onerror=alert(1)>-->",
    "<div\n\nonload=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](<java\nscript:alert(1)>)",
    "[a](&#106;avascript:alert(1))",
    "[a](&#x6A;&#x61;vascript:alert(1))",
    "[a](JAVASCRIPT:alert(1))",
    "[a](\\javascript:alert(1))",
    "[a](javascript&colon;alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](vbscript:msgbox(1))",
    "[a](https://x\" onclick=\"alert(1))",
    "[a](<https://x\" onclick=\"alert(1)>)",
    "[a](https://x 'onclick=alert(1)')",
    "[a](https://x \"\\\" onclick=alert(1)\")",
    "<javascript:alert(1)>",
    "<https://x\"onclick=alert(1)>",
    "![a](https://x\"onerror=alert(1))",
    "![\"onerror=alert(1)](https://x)",
    "![<img src=x onerror=alert(1)>](https://x/y)",
    "![[a](javascript:alert(1))](https://x/y)",
    "[![a](javascript:alert(1))](https://x/y)",
    "[`a.ts:1`](https://x/y)",
    "![a](javascript:alert(1))",
    "![a](data:image/svg+xml,<svg onload=alert(1)>)",
    "```\"><script>alert(1)</script>\n</code></pre><script>alert(1)</script>\n```",
    "```ts title=\"><script>\ncode\n```",
    "- ```html\n  <script>alert(1)</script>\n  ```",
    "`<script>alert(1)</script>`",
    "`\"><img src=x onerror=alert(1)>.ts:12`",
    "# <img src=x onerror=alert(1)>",
    "| <img src=x onerror=alert(1)> |\n|--|\n| <script>x</script> |",
    "[x]: javascript:alert(1)\n[x]",
    "[x]: <javascript:alert(1)> 'onclick=x'\n\n[x][x]",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\u{0}<script>alert(1)</script>",
    "<\u{0}script>alert(1)</script>",
    "\u{202e}<gpj.a>",
    "<style>@import 'https://evil.example'</style>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<x-y data-path=a onclick=b>",
    "[a](src/a.ts\"onclick=alert(1))",
    "[a](src/'onclick=alert(1)'.ts)",
    "[a](//evil.example/x)",
    "![a](//evil.example/x.png)",
    "![a][r]\n\n[r]: https://evil.example/x.png",
];

/// Reads the HTML as strictly as a browser would not: only known tags with known attributes.
#[track_caller]
fn assert_harmless(block: &Block) {
    let html = match block {
        Block::Html(html) => html,
        Block::Code { language, path, .. } => {
            let odd = |c: char| "<>\"'& ".contains(c);
            assert!(!language.contains(odd), "{language}");
            assert!(path.as_deref().is_none_or(|it| !it.contains(['<', '>'])), "{path:?}");
            return;
        }
    };
    let mut rest = html.as_str();
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains('>'), "{html}");
        let end = rest[at..].find('>').map(|end| at + end).expect("every tag is closed");
        assert_known(&rest[at + 1..end], html);
        rest = &rest[end + 1..];
    }
    assert!(!rest.contains('>') && !html.contains('\u{0}') && !html.contains('\u{202e}'), "{html}");
}

#[track_caller]
fn assert_known(tag: &str, html: &str) {
    const TAGS: &str = "p h3 h4 h5 h6 blockquote pre code ul ol li table thead tr th td em strong \
                        del a br hr span";
    let name = tag.trim_start_matches('/').split(' ').next().unwrap();
    assert!(TAGS.split_whitespace().any(|it| it == name), "{tag} in {html}");
    let attributes = tag[tag.find(name).unwrap() + name.len()..].trim();
    let mut quoted = attributes.split('"');
    while let (Some(name), Some(value)) = (quoted.next(), quoted.next()) {
        let value_fits = match name.trim().trim_end_matches('=') {
            "href" | "data-src" => ["http://", "https://", "mailto:"]
                .iter()
                .any(|it| value.to_ascii_lowercase().starts_with(it)),
            "class" => ["remote-image", "file-link", "align-center", "align-end"].contains(&value),
            "target" => value == "_blank",
            "rel" => value == "noopener noreferrer nofollow",
            "role" => ["link", "button"].contains(&value),
            "tabindex" | "data-line" | "start" => value.bytes().all(|b| b.is_ascii_digit()),
            "data-path" => !value.contains(['<', '>', '\'']),
            _ => false,
        };
        assert!(value_fits, "{name}{value:?} in {html}");
    }
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    let mut shown = String::new();
    for block in blocks(text) {
        shown += &match block {
            Block::Html(html) => html,
            Block::Code { language, path, text } => {
                let head = format!("{language} {}", path.unwrap_or_default());
                format!("[{}]\n{text}", head.trim())
            }
        };
        shown += "---\n";
    }
    expected.assert_eq(&shown);
}
