//! What a service worker gets, for projects as people write them, with the real compiler.

use std::collections::BTreeMap;

use base64::Engine as _;
use expect_test::{Expect, expect};
use futures::executor::block_on;
use futures::future::{LocalBoxFuture, ready};
use project::FilePath;

use crate::protocol::{FromWorker, Report, ToWorker};
use crate::{
    Answer, Assets, Change, Compile, Compiled, Packs, Problem, Request, Site, Source, Visitor,
    World,
};

const ORIGIN: &str = "http://pv-a.test";
const PACKS: &str = r#"{
  "imports": {
    "preact": "/__packs/preact@1/preact.js",
    "preact/jsx-runtime": "/__packs/preact@1/jsx.js",
    "react/jsx-runtime": "/__packs/react@1/jsx.js"
  },
  "modules": {
    "/__packs/preact@1/preact.js": ["/__packs/preact@1/shared.js"],
    "/__packs/preact@1/jsx.js": ["/__packs/preact@1/shared.js"],
    "/__packs/preact@1/shared.js": [],
    "/__packs/react@1/jsx.js": []
  }
}"#;

#[test]
fn a_page_carries_its_small_modules() {
    check_page(
        &[
            (
                "index.html",
                "<!doctype html>\n<head>\n<title>x</title></head>\n<script type=\"module\" src=\"/src/main.tsx\"></script>",
            ),
            ("src/main.tsx", "import { App } from './app';\nimport './x.css';\nApp(<b/>);"),
            (
                "src/app.tsx",
                "import logo from './logo.svg';\nexport const App = (x: unknown) => logo;",
            ),
            ("src/logo.svg", "<svg/>"),
            ("src/x.css", "a{background:url(i.png)}"),
            ("package.json", r#"{"dependencies":{"preact":"*"}}"#),
        ],
        "/",
        expect![[r#"
            200 text/html; charset=utf-8
            <!doctype html>
            <head><script data-generation="7">client()</script><script type="importmap">{"imports":{"preact":"http://pv-a.test/__packs/preact@1/preact.js","preact/jsx-runtime":"data:text/javascript;charset=utf-8;
              «import"http://pv-a.test/__packs/preact@1/shared.js";/* /packs/preact@1/jsx.js */
            //# sourceURL=http://pv-a.test/__packs/preact@1/jsx.js»","react/jsx-runtime":"http://pv-a.test/__packs/react@1/jsx.js","http://pv-a.test/__packs/preact@1/jsx.js":"data:text/javascript;charset=utf-8;
              «import"http://pv-a.test/__packs/preact@1/shared.js";/* /packs/preact@1/jsx.js */
            //# sourceURL=http://pv-a.test/__packs/preact@1/jsx.js»","http://pv-a.test/__packs/preact@1/shared.js":"data:text/javascript;charset=utf-8;
              «/* /packs/preact@1/shared.js */
            //# sourceURL=http://pv-a.test/__packs/preact@1/shared.js»","http://pv-a.test/src/app.tsx":"data:text/javascript;charset=utf-8;
              «import logo from "http://pv-a.test/src/logo.svg?import";
            export const App = (x) => logo;

            //# sourceURL=http://pv-a.test/src/app.tsx»","http://pv-a.test/src/logo.svg?import":"data:text/javascript;charset=utf-8;
              «export default "/src/logo.svg";
            //# sourceURL=http://pv-a.test/src/logo.svg?import»","http://pv-a.test/src/main.tsx":"data:text/javascript;charset=utf-8;
              «import { App } from "http://pv-a.test/src/app.tsx";
            import "http://pv-a.test/src/x.css?import";
            import { jsx as _jsx } from "http://pv-a.test/__packs/preact@1/jsx.js";
            App(/* @__PURE__ */ _jsx("b", {}));

            //# sourceURL=http://pv-a.test/src/main.tsx»","http://pv-a.test/src/x.css?import":"data:text/javascript;charset=utf-8;
              «const css="a{background:url(\"http://pv-a.test/src/i.png\")}",name="/src/x.css";let style=[...document.querySelectorAll("style[data-easel]")].find(it=>it.dataset.easel===name);if(!style){style=document.createElement("style");style.dataset.easel=name;document.head.append(style)}style.textContent=css;export default css;
            //# sourceURL=http://pv-a.test/src/x.css?import»"}}</script>
            <title>x</title></head>
            <script type="module">import "http://pv-a.test/src/main.tsx"</script>"#]],
    );
}

#[test]
fn endings_indexes_aliases_and_public_files_are_found() {
    let files = [
        ("index.html", "<script type=module src=main.ts></script>"),
        (
            "tsconfig.json",
            "{ // mine\n \"compilerOptions\": { \"paths\": { \"~/*\": [\"./lib/*\"], }, }, }",
        ),
        (
            "main.ts",
            "import './a'; import './b.js'; import './c'; import '~/d'; import '/e.js'; import '@/f'; import './g.json'; import './h?raw'",
        ),
        ("a.jsx", ""),
        ("b.ts", ""),
        ("c/index.mts", ""),
        ("lib/d.ts", ""),
        ("public/e.js", ""),
        ("src/f.js", ""),
        ("g.json", "{}"),
        ("h.ts", "text"),
    ];
    check_page(
        &files,
        "/",
        expect![[r#"
            200 text/html; charset=utf-8
            <script data-generation="7">client()</script><script type="importmap">{"imports":{"preact":"http://pv-a.test/__packs/preact@1/preact.js","preact/jsx-runtime":"http://pv-a.test/__packs/preact@1/jsx.js","react/jsx-runtime":"http://pv-a.test/__packs/react@1/jsx.js","http://pv-a.test/a.jsx":"data:text/javascript;charset=utf-8;
              «
            //# sourceURL=http://pv-a.test/a.jsx»","http://pv-a.test/b.ts":"data:text/javascript;charset=utf-8;
              «
            //# sourceURL=http://pv-a.test/b.ts»","http://pv-a.test/c/index.mts":"data:text/javascript;charset=utf-8;
              «
            //# sourceURL=http://pv-a.test/c/index.mts»","http://pv-a.test/g.json?import":"data:text/javascript;charset=utf-8;
              «export default {};
            //# sourceURL=http://pv-a.test/g.json?import»","http://pv-a.test/h.ts?raw":"data:text/javascript;charset=utf-8;
              «export default "text";
            //# sourceURL=http://pv-a.test/h.ts?raw»","http://pv-a.test/lib/d.ts":"data:text/javascript;charset=utf-8;
              «
            //# sourceURL=http://pv-a.test/lib/d.ts»","http://pv-a.test/main.ts":"data:text/javascript;charset=utf-8;
              «import "http://pv-a.test/a.jsx";
            import "http://pv-a.test/b.ts";
            import "http://pv-a.test/c/index.mts";
            import "http://pv-a.test/lib/d.ts";
            import "http://pv-a.test/public/e.js";
            import "http://pv-a.test/src/f.js";
            import "http://pv-a.test/g.json?import";
            import "http://pv-a.test/h.ts?raw";

            //# sourceURL=http://pv-a.test/main.ts»","http://pv-a.test/public/e.js":"data:text/javascript;charset=utf-8;
              «
            //# sourceURL=http://pv-a.test/public/e.js»","http://pv-a.test/src/f.js":"data:text/javascript;charset=utf-8;
              «
            //# sourceURL=http://pv-a.test/src/f.js»"}}</script><script type="module">import "http://pv-a.test/main.ts"</script>"#]],
    );
}

#[test]
fn an_import_that_leads_nowhere_says_who_asked() {
    let page = "<script type=module src=main.js></script>";
    let say = |main: &str| {
        let files = files(&[("index.html", page), ("main.js", main)]);
        inlined(&respond(&files, "/main.js", false))
    };
    expect![[r#"
        200 text/javascript; charset=utf-8
        throw Object.assign(new SyntaxError("`./gone` leads to `gone`, and there is no such file in the project (main.js:2:15)"),{easel:{"message":"`./gone` leads to `gone`, and there is no such file in the project","path":"main.js","line":2,"column":15}});"#]].assert_eq(&say("\nimport x from './gone';"));
    expect![[r#"
        200 text/javascript; charset=utf-8
        throw Object.assign(new SyntaxError("the package `lodash` is not here; packages that can be imported: preact, react. A file of the project is imported with `./` (main.js:1:15)"),{easel:{"message":"the package `lodash` is not here; packages that can be imported: preact, react. A file of the project is imported with `./`","path":"main.js","line":1,"column":15}});"#]].assert_eq(&say("import _ from 'lodash';"));
    expect![[r#"
        200 text/javascript; charset=utf-8
        throw Object.assign(new SyntaxError("`fs` is a part of Node, and a preview runs in the browser, where it does not exist (main.js:1:16)"),{easel:{"message":"`fs` is a part of Node, and a preview runs in the browser, where it does not exist","path":"main.js","line":1,"column":16}});"#]].assert_eq(&say("import fs from 'node:fs';"));
    expect![[r#"
        200 text/javascript; charset=utf-8
        throw Object.assign(new SyntaxError("`./x.scss` leads to `x.scss`, and there is no such file in the project (main.js:1:8)"),{easel:{"message":"`./x.scss` leads to `x.scss`, and there is no such file in the project","path":"main.js","line":1,"column":8}});"#]].assert_eq(&say("import './x.scss'; import('./gone')"));
    expect![[r#"
        200 text/javascript; charset=utf-8
        const __easel_here=(url=>({url,resolve:s=>new URL(s,url).href,from:s=>/^[./]/.test(s)?new URL(s,url).href:s,env:{"MODE":"development","DEV":true,"PROD":false,"SSR":false,"BASE_URL":"/"}}))("http://pv-a.test/main.js");import("data:text/javascript;
          «throw new Error("`./gone` leads to `gone`, and there is no such file in the project")»"); import(__easel_here.from(`./${x}`)); __easel_here.url"#]].assert_eq(&say("import('./gone'); import(`./${x}`); import.meta.url"));
}

#[test]
fn pages_see_the_public_variables_of_the_project() {
    let files = files(&[
        ("main.js", "import.meta.env.VITE_TITLE"),
        (".env", "VITE_TITLE=from env\nSECRET=no\nVITE_A='1'\n"),
        (".env.local", "VITE_TITLE=\"its own\"\n"),
    ]);
    let told = inlined(&respond(&files, "/main.js", false));
    assert!(told.contains(r#""VITE_TITLE":"its own","VITE_A":"1""#), "{told}");
    assert!(!told.contains("SECRET"), "{told}");
}

#[test]
fn a_program_is_a_text_with_all_that_it_imports() {
    let files = files(&[
        (
            "src/a.ts",
            "import { b } from './b';\nimport data from './c.json';\nexport const a: number = b + data;",
        ),
        ("src/b.ts", "export const b = 1 as number;"),
        ("src/c.json", "{}"),
        ("never.ts", ""),
    ]);
    let text = "import { a } from './src/a.ts';\nimport 'preact';\nconsole.log(a as any)";
    let program = block_on(site().program(&path("script.ts"), text, world(&files)));
    assert_eq!(program.entry, "easel:/script.ts");
    let modules: Vec<&str> = program.modules.keys().map(String::as_str).collect();
    expect![[r#"
        easel:/__packs/preact@1/preact.js
        easel:/__packs/preact@1/shared.js
        easel:/script.ts
        easel:/src/a.ts
        easel:/src/b.ts
        easel:/src/c.json?import"#]]
    .assert_eq(&modules.join("\n"));
    let entry = &program.modules[&program.entry];
    assert!(entry.contains("easel:/src/a.ts") && !entry.contains("as any"), "{entry}");

    let broken = block_on(site().program(&path("s.ts"), "import './gone'", world(&files)));
    assert!(broken.modules["easel:/s.ts"].contains("no such file"), "{broken:?}");
}

#[test]
fn a_text_that_does_not_compile_becomes_a_module_that_says_where() {
    let files = files(&[("a.ts", "let x = 1;\nlet y: = 2;")]);
    expect![[r#"
        200 text/javascript; charset=utf-8
        throw Object.assign(new SyntaxError("Unexpected token (a.ts:2:8)"),{easel:{"message":"Unexpected token","path":"a.ts","line":2,"column":8}});"#]].assert_eq(&inlined(&respond(&files, "/a.ts", false)));
}

#[test]
fn the_pages_own_import_map_wins() {
    check_page(
        &[
            (
                "index.html",
                "<script type=\"importmap\">\n{\"imports\": {\"preact\": \"https://other.test/p.js\", \"x/\": \"/lib/\"}}\n</script>\n<script type=module>\nimport 'preact'; import 'x/y.js'; import './m.js';\n</script>",
            ),
            ("m.js", "export {}"),
        ],
        "/",
        expect![[r#"
            200 text/html; charset=utf-8
            <script data-generation="7">client()</script><script type="importmap">{"imports":{"preact":"https://other.test/p.js","preact/jsx-runtime":"http://pv-a.test/__packs/preact@1/jsx.js","react/jsx-runtime":"http://pv-a.test/__packs/react@1/jsx.js","http://pv-a.test/m.js":"data:text/javascript;charset=utf-8;
              «export {}
            //# sourceURL=http://pv-a.test/m.js»","x/":"/lib/"}}</script>


            <script type=module>
            import 'preact'; import 'x/y.js'; import "http://pv-a.test/m.js";
            </script>"#]],
    );
}

#[test]
fn navigations_find_pages_folders_and_apps_that_route() {
    let files = files(&[
        ("index.html", "home"),
        ("about.html", "about"),
        ("docs/index.html", "docs"),
        ("notes.txt", "notes"),
    ]);
    let body = |url: &str| {
        let answer = respond(&files, url, true);
        let text = String::from_utf8(answer.body).unwrap();
        format!("{} {}", answer.status, text.rsplit("</script>").next().unwrap_or_default())
    };
    assert_eq!(body("/"), "200 home");
    assert_eq!(body("/about"), "200 about");
    assert_eq!(body("/docs/"), "200 docs");
    assert!(String::from_utf8(respond(&files, "/docs", true).body).unwrap().contains("/docs/"));
    assert_eq!(body("/some/route?x=1"), "200 home");
    assert_eq!(body("/notes.txt"), "200 notes");
    assert_eq!(body("/gone.png"), "404 `gone.png` is not in the project.");
    let asked =
        Request { url: "/i.png".into(), navigation: false, referrer: Some("/x.css".into()) };
    let site = site();
    let answer = block_on(site.respond(&asked, 1, world(&files)));
    assert_eq!(answer.body, b"`i.png` is not in the project (/x.css asks for it).");
}

#[test]
fn hostile_addresses_get_an_answer() {
    let files = files(&[("a b.txt", "spaced"), ("index.html", "<script type=module src='")]);
    for url in ["", "/../../etc/passwd", "//", "/%00", "/%ff", "/.git/config", "/__packs/../x", "?"]
    {
        let answer = respond(&files, url, false);
        assert!(answer.status == 404 || url.is_empty() || url == "?" || url == "//", "{url}");
    }
    assert_eq!(respond(&files, "/a%20b.txt", false).body, b"spaced");
    for html in
        ["<", "<script", "<script type=module>", "<a b='", "<!--", "é<style></styl", "<x =>"]
    {
        let files = self::files(&[("index.html", html)]);
        assert_eq!(respond(&files, "/", true).status, 200);
        assert!(block_on(site().document(&path("index.html"), 1, world(&files))).is_some());
    }
    for css in
        ["url(", "url('", "@import", "@import '", ".a{", "}", "\\", "/*", "é.é{}", "url(\"a)"]
    {
        let files = self::files(&[("a.module.css", css)]);
        assert_eq!(respond(&files, "/a.module.css?import", false).status, 200);
    }
}

#[test]
fn only_what_the_page_looked_at_makes_it_load_again() {
    let files = files(&[
        ("index.html", "<link rel=stylesheet href=a.css><script type=module src=m.js></script>"),
        ("a.css", ""),
        ("m.js", "import './lib'"),
        ("README.md", ""),
    ]);
    let site = site();
    assert_eq!(site.changed([&path("README.md")]), Change::Reload);
    let open = Request { url: "/".into(), navigation: true, referrer: None };
    block_on(site.respond(&open, 1, world(&files)));
    assert_eq!(site.changed([&path("README.md")]), Change::Nothing);
    assert_eq!(site.changed([&path("a.css")]), Change::Styles(vec!["/a.css".into()]));
    // A file that was looked for in vain matters when it appears.
    assert_eq!(site.changed([&path("lib/index.ts")]), Change::Reload);
    block_on(site.respond(&open, 2, world(&files)));
    assert_eq!(site.changed([&path("a.css"), &path("m.js")]), Change::Reload);
}

#[test]
fn places_in_what_was_served_lead_back() {
    let files = files(&[(
        "a.tsx",
        "type A = 1;\n\n\nexport const a = () => {\n  throw new Error('x');\n};\n",
    )]);
    let site = site();
    let ask = Request { url: "/a.tsx".into(), navigation: false, referrer: None };
    block_on(site.respond(&ask, 1, world(&files)));
    let text = "Error: x\n    at a (http://pv-a.test/a.tsx:2:8)\n    at http://pv-a.test/__packs/p.js:1:2 easel:/a.tsx:1:1 http://pv-a.testing/x";
    expect![[r#"
        Error: x
            at a (a.tsx:5:9)
            at p.js:1:2 a.tsx:4:1 http://pv-a.testing/x"#]]
    .assert_eq(&site.readable(text));
}

#[test]
fn a_class_of_a_module_sheet_is_its_own() {
    let files = files(&[(
        "a.module.css",
        ".card { margin: .5em } @media (width < 9em) { .card > .b:hover { color: red } } /* .no */ a[x='.no'] { background: url(./i.png) }",
    )]);
    expect![[r#"
        200 text/javascript; charset=utf-8
        const css=".card_b75f08 { margin: .5em } @media (width < 9em) { .card_b75f08 > .b_b75f08:hover { color: red } } /* .no */ a[x='.no'] { background: url(\"http://pv-a.test/i.png\") }",name="/a.module.css";let style=[...document.querySelectorAll("style[data-easel]")].find(it=>it.dataset.easel===name);if(!style){style=document.createElement("style");style.dataset.easel=name;document.head.append(style)}style.textContent=css;export default {"b":"b_b75f08","card":"card_b75f08"};"#]].assert_eq(&inlined(&respond(&files, "/a.module.css?import", false)));
}

#[test]
fn a_document_has_everything_in_itself() {
    let files = files(&[
        (
            "index.html",
            "<link rel=stylesheet href=a.css><img src=\"i.png\"><script src=c.js></script><script type=module src=m.ts></script>",
        ),
        ("a.css", "@import 'b.css'; a { background: url(i.png) }"),
        ("b.css", "b{}"),
        ("i.png", "PNG"),
        ("c.js", "classic()"),
        ("m.ts", "import 'preact'; import i from './i.png'; const x: string = i;"),
    ]);
    let document = block_on(site().document(&path("index.html"), 3, world(&files))).unwrap();
    expect![[r#"
        <script data-generation="3">client()</script><script type="importmap">{"imports":{"preact":"data:text/javascript;charset=utf-8;
          «import"easel:/__packs/preact@1/shared.js";/* /packs/preact@1/preact.js */
        //# sourceURL=easel:/__packs/preact@1/preact.js»","easel:/__packs/preact@1/preact.js":"data:text/javascript;charset=utf-8;
          «import"easel:/__packs/preact@1/shared.js";/* /packs/preact@1/preact.js */
        //# sourceURL=easel:/__packs/preact@1/preact.js»","easel:/__packs/preact@1/shared.js":"data:text/javascript;charset=utf-8;
          «/* /packs/preact@1/shared.js */
        //# sourceURL=easel:/__packs/preact@1/shared.js»","easel:/i.png?import":"data:text/javascript;charset=utf-8;
          «export default "data:image/png;
          «PNG»";
        //# sourceURL=easel:/i.png?import»","easel:/m.ts":"data:text/javascript;charset=utf-8;
          «import "easel:/__packs/preact@1/preact.js";
        import i from "easel:/i.png?import";
        const x = i;

        //# sourceURL=easel:/m.ts»"}}</script><style data-easel="/a.css">@import "data:text/css;charset=utf-8;
          «b{}»"; a { background: url("data:image/png;
          «PNG»") }</style><img src="data:image/png;
          «PNG»"><script>classic()</script><script type="module">import "easel:/m.ts"</script>"#]].assert_eq(&undata(&document));
}

#[test]
fn a_worker_is_not_sent_what_it_has() {
    let big = "x".repeat(70_000);
    let page = [("index.html", "<link rel=stylesheet href=a.css>"), ("a.css", big.as_str())];
    let mut visitor = Visitor::default();
    let mut bodies = |files: &[(&str, &str)]| {
        let answer = respond(&self::files(files), "/", true);
        let ToWorker::Answer { modules: Some(sent), .. } = visitor.answer(1, 1, answer) else {
            panic!("a page has modules")
        };
        sent.iter().map(|it| it.body.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(bodies(&page), [true]);
    assert_eq!(bodies(&page), [false]);
    assert_eq!(bodies(&[page[0], ("a.css", "changed")]), [true]);
    assert!(bodies(&[("index.html", "")]).is_empty());
    assert_eq!(bodies(&page), [true]);
}

#[test]
fn messages_have_the_shapes_that_the_scripts_use() {
    let heard = r#"{"type":"report","client":"c","report":{"type":"fix-this","text":"t","path":null,"line":1,"column":null}}"#;
    let FromWorker::Report { report: Report::FixThis { line, .. }, .. } =
        serde_json::from_str(heard).unwrap()
    else {
        panic!("a report")
    };
    assert_eq!(line, Some(1));
    let ask = r#"{"type":"ask","id":1,"url":"/","navigation":true,"referrer":null}"#;
    assert!(matches!(serde_json::from_str(ask).unwrap(), FromWorker::Ask { id: 1, .. }));
    let said = ToWorker::Changed { generation: 2, styles: None };
    assert_eq!(
        serde_json::to_string(&said).unwrap(),
        r#"{"type":"changed","generation":2,"styles":null}"#
    );
}

// ——— helpers ———

struct Files(BTreeMap<FilePath, String>);

impl Source for Files {
    fn version(&self, path: &FilePath) -> Option<String> {
        self.0.get(path).map(|text| crate::page::version(text.as_bytes()))
    }

    fn read(&self, path: &FilePath) -> Option<Vec<u8>> {
        self.0.get(path).map(|text| text.clone().into_bytes())
    }
}

struct Compiler;

impl Compile for Compiler {
    fn transform<'a>(
        &'a self,
        path: &'a str,
        text: &'a str,
        jsx_import_source: &'a str,
    ) -> LocalBoxFuture<'a, Result<Compiled, Problem>> {
        // The shapes of the two crates are the same: what one writes the other reads.
        let outcome = compile::compile(path, text, jsx_import_source);
        let outcome = serde_json::from_value(serde_json::to_value(&outcome).unwrap()).unwrap();
        Box::pin(ready(outcome))
    }
}

struct Shelf;

impl Assets for Shelf {
    fn asset<'a>(&'a self, path: &'a str) -> LocalBoxFuture<'a, Option<Vec<u8>>> {
        let code = match path.ends_with("shared.js") {
            true => format!("/* {path} */"),
            false => format!("import\"./shared.js\";/* {path} */"),
        };
        Box::pin(ready(Some(code.into_bytes())))
    }
}

fn files(files: &[(&str, &str)]) -> Files {
    Files(files.iter().map(|(name, text)| (path(name), (*text).to_owned())).collect())
}

fn path(text: &str) -> FilePath {
    FilePath::parse(text).unwrap()
}

fn world(files: &Files) -> World<'_> {
    World { source: files, compile: &Compiler, assets: &Shelf }
}

fn site() -> Site {
    Site::new(ORIGIN, Packs::parse(PACKS.as_bytes()).unwrap(), "client()")
}

fn respond(files: &Files, url: &str, navigation: bool) -> Answer {
    let request = Request { url: url.to_owned(), navigation, referrer: None };
    block_on(site().respond(&request, 7, world(files)))
}

#[track_caller]
fn check_page(files: &[(&str, &str)], url: &str, expected: Expect) {
    let answer = respond(&self::files(files), url, true);
    let mut shown = inlined(&answer);
    for module in answer.modules.unwrap_or_default() {
        shown += &format!("\n-- beside: {} {}", module.url, module.media_type);
    }
    expected.assert_eq(&shown);
}

/// Shows an answer with the contents of its data addresses.
fn inlined(answer: &Answer) -> String {
    let text = String::from_utf8(answer.body.clone()).unwrap();
    format!("{} {}\n{}", answer.status, answer.media_type, undata(&text))
}

fn undata(text: &str) -> String {
    let mut out = String::new();
    for (n, part) in text.split(";base64,").enumerate() {
        let end = part
            .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '/' | '='))
            .unwrap_or(part.len());
        if n == 0 {
            out.push_str(part);
            continue;
        }
        let bytes = base64::engine::general_purpose::STANDARD.decode(&part[..end]).unwrap();
        out += &format!(";\n  «{}»{}", undata(&String::from_utf8(bytes).unwrap()), &part[end..]);
    }
    out
}
