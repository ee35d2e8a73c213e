//! What comes out, for texts as people write them.

use expect_test::{Expect, expect};

use crate::{What, compile, errors};

#[test]
fn types_go_and_jsx_becomes_calls() {
    check(
        "src/app.tsx",
        "import type { P } from './types';\nimport { useState } from 'preact/hooks';\nexport function App(p: P) {\n  const [n] = useState<number>(0);\n  return <b title={p.t}>{n}</b>;\n}\n",
        expect![[r#"
            import { useState } from "preact/hooks";
            import { jsx as _jsx } from "preact/jsx-runtime";
            export function App(p) {
            	const [n] = useState(0);
            	return /* @__PURE__ */ _jsx("b", {
            		title: p.t,
            		children: n
            	});
            }
            -- "preact/hooks" from 2:26 dynamic false typed false
            -- "preact/jsx-runtime" from 1:1 dynamic false typed false
            -- mappings Some(true)
        "#]],
    );
}

#[test]
fn plain_javascript_stays_as_it_is() {
    check(
        "a.js",
        "import x from \"./x\"; // why\nexport * from './y.js';\nconst z = await import('./z');\nimport(`./${x}`);\n",
        expect![[r#"
            import x from "./x"; // why
            export * from './y.js';
            const z = await import('./z');
            import(`./${x}`);
            -- "./x" from 1:15 dynamic false typed false
            -- './y.js' from 2:15 dynamic false typed false
            -- './z' from 3:24 dynamic true typed false
            -- computed from
            -- computed to
            -- mappings None
        "#]],
    );
}

#[test]
fn a_pragma_chooses_the_classic_runtime() {
    check(
        "a.jsx",
        "/** @jsx h */\nimport { h } from 'preact';\nexport default <p/>;",
        expect![[r#"
            import { h } from "preact";
            export default /* @__PURE__ */ h("p", null);
            -- "preact" from 2:19 dynamic false typed false
            -- mappings Some(true)
        "#]],
    );
}

#[test]
fn jsx_in_a_js_file_is_compiled() {
    check(
        "a.js",
        "export const a = <a href='x'>y</a>;",
        expect![[r#"
        import { jsx as _jsx } from "preact/jsx-runtime";
        export const a = /* @__PURE__ */ _jsx("a", {
        	href: "x",
        	children: "y"
        });
        -- "preact/jsx-runtime" from 1:1 dynamic false typed false
        -- mappings Some(true)
    "#]],
    );
}

#[test]
fn decorators_bring_their_helper() {
    check(
        "a.ts",
        "@tag class A { @get() x = 1; }\n",
        expect![[r#"
        const babelHelpers={decorate(ds,target,key,desc){const n=arguments.length;let r=n<3?target:desc===null?desc=Object.getOwnPropertyDescriptor(target,key):desc;for(let i=ds.length-1;i>=0;i--){const d=ds[i];if(d)r=(n<3?d(r):n>3?d(target,key,r):d(target,key))||r}if(n>3&&r)Object.defineProperty(target,key,r);return r},decorateParam:(index,d)=>(target,key)=>d(target,key,index),decorateMetadata:(k,v)=>globalThis.Reflect?.metadata?.(k,v)};let A = class A {
        	x = 1;
        };
        babelHelpers.decorate([get()], A.prototype, "x", void 0);
        A = babelHelpers.decorate([tag], A);
        -- mappings Some(true)
    "#]],
    );
}

#[test]
fn what_depends_on_the_address_is_marked() {
    check(
        "a.ts",
        "const here: string = import.meta.url;\nimport(`./pages/${here}.ts`);\nnew URL('./a.png', import.meta.url);\nimport(import.meta.url);",
        expect![[r#"
            const here = import.meta.url;
            import(`./pages/${here}.ts`);
            new URL("./a.png", import.meta.url);
            import(import.meta.url);
            -- meta import.meta
            -- computed from
            -- computed to
            -- meta import.meta
            -- computed from
            -- meta import.meta
            -- computed to
            -- mappings Some(true)
        "#]],
    );
}

#[test]
fn typed_and_dynamic_imports_are_told_apart() {
    check(
        "a.ts",
        "import a from './a.json' with { type: 'json' };\nimport b from './b.json';\nlet c: any = import('./c'), d = import('./d.json', { with: { type: 'json' } });\na; b;",
        expect![[r#"
            import a from "./a.json" with { type: "json" };
            import b from "./b.json";
            let c = import("./c"), d = import("./d.json", { with: { type: "json" } });
            a;
            b;
            -- "./a.json" from 1:15 dynamic false typed true
            -- "./b.json" from 2:15 dynamic false typed false
            -- "./c" from 3:21 dynamic true typed false
            -- "./d.json" from 3:40 dynamic true typed true
            -- mappings Some(true)
        "#]],
    );
}

#[test]
fn an_error_says_where_in_editor_columns() {
    check(
        "a.ts",
        "const ok = 1;\nconst 'é𝄞' = 2;",
        expect![[r#"
        Unexpected token (2:7)
    "#]],
    );
    check(
        "a.tsx",
        "export const a = <b>;\n",
        expect![[r#"
        Unexpected token (1:21)
    "#]],
    );
    check(
        "a.js",
        "let a = 1;\nlet a = 2;",
        expect![[r#"
            Identifier `a` has already been declared (2:5)
        "#]],
    );
}

#[test]
fn errors_are_listed_for_scripts_only() {
    assert_eq!(errors("a.css", "body {"), []);
    assert_eq!(errors("a.tsx", "export const a: number = 1;"), []);
    let found = errors("a.ts", "let a = 1;\nlet a = ;");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].line, 2);
    assert_eq!(errors("a.js", "let a; let a;").len(), 1);
}

#[test]
fn hostile_texts_give_an_error_or_code_and_no_panic() {
    let deep = "(".repeat(20_000);
    let fits = format!("export default {}1{}", "[".repeat(240), "]".repeat(240));
    assert!(compile("a.ts", &fits, "react").is_ok());
    for text in ["\u{feff}export {}", "\0", "`${", "<", "/*", "import('", "@", deep.as_str()] {
        for path in ["a.js", "a.tsx", "a.ts", "x", "", "a.d.ts"] {
            let compiled = compile(path, text, "react");
            if let Ok(compiled) = compiled {
                assert!(compiled.marks.iter().all(|i| (i.end as usize) <= compiled.code.len()));
            }
        }
    }
}

#[track_caller]
fn check(path: &str, text: &str, expected: Expect) {
    let shown = match compile(path, text, "preact") {
        Err(problem) => format!("{problem}\n"),
        Ok(compiled) => {
            let mut shown = compiled.code.clone();
            if !shown.ends_with('\n') {
                shown.push('\n');
            }
            for mark in &compiled.marks {
                let code = &compiled.code[mark.start as usize..mark.end as usize];
                shown += &match &mark.what {
                    What::Import(found) => format!(
                        "-- {code} from {}:{} dynamic {} typed {}\n",
                        found.line, found.column, found.dynamic, found.typed
                    ),
                    What::ComputedFrom => "-- computed from\n".to_owned(),
                    What::ComputedTo => "-- computed to\n".to_owned(),
                    What::Meta => format!("-- meta {code}\n"),
                };
            }
            shown += &format!("-- mappings {:?}\n", compiled.mappings.map(|m| m.len() > 10));
            shown
        }
    };
    expected.assert_eq(&shown);
}
