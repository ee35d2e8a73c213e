// All clients from npm, for Node and for the page's bundle.

import { ai } from "./ai.mjs";
import { anthropic } from "./anthropic.mjs";
import { run } from "./cases.mjs";
import { openai } from "./openai.mjs";

export const runAll = (gateway, tell) => run({ openai, anthropic, ai }, gateway, tell);

// A page has no modules of ours but this one.
globalThis.runAll = runAll;
