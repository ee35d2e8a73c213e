//! From compiled code to a module that finds what it imports.
//!
//! Every specifier becomes a whole address, because modules travel inside the page, where relative
//! ones lead nowhere. What cannot be found becomes a module that says so when it runs.

use project::FilePath;
use serde_json::json;

use crate::resolve::Target;
use crate::source::{Compiled, Import, Problem, What};

/// A module's code, and what it needs next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spliced {
    pub(crate) code: String,
    pub(crate) needs: Vec<Target>,
}

/// `absolute` turns a target into an address for the page; `None` leaves the specifier.
pub(crate) fn splice(
    compiled: &Compiled,
    url: &str,
    env: &str,
    resolve: impl Fn(&Import) -> Result<Target, String>,
    absolute: impl Fn(&Target) -> Option<String>,
) -> Result<Spliced, Problem> {
    let mut code = String::with_capacity(compiled.code.len() + 256);
    let mut needs = Vec::new();
    let (mut at, mut asks_where) = (0, false);
    for mark in &compiled.marks {
        let (start, end) = (mark.start as usize, mark.end as usize);
        // A compiler that is wrong about places must not bring the core down.
        let (Some(before), Some(inside)) =
            (compiled.code.get(at..start), compiled.code.get(start..end))
        else {
            continue;
        };
        code.push_str(before);
        at = end;
        match &mark.what {
            What::Import(import) => match resolve(import) {
                Ok(target) => {
                    let absolute = absolute(&target).map(|url| json!(url).to_string());
                    code.push_str(absolute.as_deref().unwrap_or(inside));
                    needs.push(target);
                }
                Err(message) if import.dynamic => code.push_str(&rejected(&message)),
                Err(message) => {
                    let Import { line, column, .. } = *import;
                    return Err(Problem { message, line, column });
                }
            },
            What::ComputedFrom => code.push_str("__easel_here.from("),
            What::ComputedTo => code.push(')'),
            What::Meta => code.push_str("__easel_here"),
        }
        asks_where |= !matches!(mark.what, What::Import(_));
    }
    code.push_str(compiled.code.get(at..).unwrap_or_default());
    if asks_where {
        code.insert_str(0, &here(url, env));
    }
    Ok(Spliced { code, needs })
}

/// What `import.meta` is in a module; on the first line, so that no line moves.
fn here(url: &str, env: &str) -> String {
    format!(
        "const __easel_here=(url=>({{url,resolve:s=>new URL(s,url).href,\
         from:s=>/^[./]/.test(s)?new URL(s,url).href:s,\
         env:{env}}}))({});",
        json!(url)
    )
}

/// A module that throws what is wrong with a file, in a form that the client shows with its place.
pub(crate) fn broken(path: &FilePath, problem: &Problem) -> String {
    let Problem { message, line, column } = problem;
    let shown = format!("{message} ({path}:{line}:{column})");
    let easel = json!({ "message": message, "path": path, "line": line, "column": column });
    format!("throw Object.assign(new SyntaxError({}),{{easel:{easel}}});", json!(shown))
}

/// The specifier of a module that rejects with a sentence.
fn rejected(message: &str) -> String {
    let code = format!("throw new Error({})", json!(message));
    json!(data_url("text/javascript", code.as_bytes())).to_string()
}

pub(crate) fn data_url(media_type: &str, body: &[u8]) -> String {
    use base64::Engine as _;
    let media_type = media_type.replace("; ", ";");
    format!("data:{media_type};base64,{}", base64::engine::general_purpose::STANDARD.encode(body))
}

/// A module that applies a sheet, again when it is loaded again.
pub(crate) fn style_module(url: &str, css: &str, names: Option<&serde_json::Value>) -> String {
    let default = names.map_or_else(|| "css".to_owned(), ToString::to_string);
    format!(
        "const css={},name={};\
         let style=[...document.querySelectorAll(\"style[data-easel]\")].find(it=>it.dataset.easel===name);\
         if(!style){{style=document.createElement(\"style\");style.dataset.easel=name;document.head.append(style)}}\
         style.textContent=css;export default {default};",
        json!(css),
        json!(url)
    )
}
