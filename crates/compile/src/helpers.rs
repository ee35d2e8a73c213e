//! The few functions that compiled decorators call.
//!
//! They stand before the code on its first line, so that no line moves. It does not carry helpers
//! for older browsers: nothing is compiled for those.

// Not an arrow: how many arguments there are decides what is decorated.
const DECORATE: &str = "decorate(ds,target,key,desc){\
const n=arguments.length;\
let r=n<3?target:desc===null?desc=Object.getOwnPropertyDescriptor(target,key):desc;\
for(let i=ds.length-1;i>=0;i--){const d=ds[i];if(d)r=(n<3?d(r):n>3?d(target,key,r):d(target,key))||r}\
if(n>3&&r)Object.defineProperty(target,key,r);return r}";
const PARAM: &str = "decorateParam:(index,d)=>(target,key)=>d(target,key,index)";
const METADATA: &str = "decorateMetadata:(k,v)=>globalThis.Reflect?.metadata?.(k,v)";

/// Puts the helpers before code that calls them.
pub(crate) fn with_helpers(code: String) -> String {
    if !code.contains("babelHelpers.") {
        return code;
    }
    format!("const babelHelpers={{{DECORATE},{PARAM},{METADATA}}};{code}")
}
