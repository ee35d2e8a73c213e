// The worker in which a model's scripts run: one program, one answer. Whoever started it ends it.

import variant from "@jitl/quickjs-ng-wasmfile-release-sync";
import { newQuickJSWASMModuleFromVariant, newVariant } from "quickjs-emscripten-core";

import prelude from "easel:prelude";
import { run } from "./run.mjs";

const wasmLocation = new URL("quickjs.wasm", import.meta.url).href;
const ready = newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmLocation }));

// Without an interpreter there is no answer.
onmessage = async ({ data }) => postMessage(await ready.then((it) => run(it, prelude, data), () => null));
