// Runs a program in QuickJS, an interpreter of its own: no page, no network, no files, no way to the
// app. Time, memory and output are bounded.
//
// `{ entry, modules }` holds every module by its address. What comes back is what was printed, and
// why it ended early, if it did.

export const LIMITS = { ms: 5_000, bytes: 64 << 20, stackBytes: 256 << 10, chars: 16 << 10 };
// So many jobs are done before the clock is looked at again.
const N_JOBS = 1_000;

export function run(quickjs, prelude, { entry, modules }, limits = LIMITS) {
  const runtime = quickjs.newRuntime();
  const until = performance.now() + limits.ms;
  const late = () => performance.now() > until;
  runtime.setMemoryLimit(limits.bytes);
  runtime.setMaxStackSize(limits.stackBytes);
  runtime.setInterruptHandler(late);
  runtime.setModuleLoader(
    (name) => {
      if (Object.hasOwn(modules, name)) return modules[name];
      return inAddress(name) ?? { error: new Error(`${name} is not in the project`) };
    },
    (_, name) => name,
  );
  const vm = runtime.newContext();
  const printed = printer(limits.chars);
  let error = null;
  try {
    begin(vm, prelude, printed.print);
    perform(vm, runtime, entry, modules[entry], late);
  } catch (err) {
    error = late() ? `stopped after ${limits.ms / 1_000} seconds` : String(err?.message ?? err);
  }
  // Freeing an interpreter that was stopped in the middle can fail; it goes with its worker.
  return { output: printed.text(), error: error && shortened(error, limits.chars) };
}

function begin(vm, prelude, print) {
  const host = vm.newFunction("print", (text) => void print(vm.getString(text)));
  vm.setProp(vm.global, "easelPrint", host);
  host.dispose();
  unwrapped(vm, vm.evalCode(prelude, "easel:prelude")).dispose();
}

function perform(vm, runtime, entry, code, late) {
  const tick = vm.getProp(vm.global, "easelTick");
  unwrapped(vm, vm.evalCode("delete globalThis.easelTick")).dispose();
  const ended = unwrapped(vm, vm.evalCode(code, entry, { type: "module" }));
  do {
    while (runtime.hasPendingJob()) {
      if (late()) throw new Error("late");
      const done = runtime.executePendingJobs(N_JOBS);
      if (done.error) throw thrown(vm, done.error);
    }
  } while (vm.dump(unwrapped(vm, vm.callFunction(tick, vm.undefined))) && !late());
  if (late()) throw new Error("late");
  const state = vm.getPromiseState(ended);
  if (state.type === "rejected") throw thrown(vm, state.error);
  if (state.type === "pending") throw new Error("it waits for something that never comes");
}

function unwrapped(vm, result) {
  if (result.error) throw thrown(vm, result.error);
  return result.value;
}

// What was thrown inside, as an error out here.
function thrown(vm, handle) {
  const value = vm.dump(handle);
  handle.dispose();
  if (value === null || typeof value !== "object") return new Error(`thrown: ${String(value)}`);
  const { name, message, stack, easel } = value;
  if (easel) return new Error(`${easel.message} (${easel.path}:${easel.line}:${easel.column})`);
  const head = message === undefined ? `thrown: ${JSON.stringify(value)}` : `${name}: ${message}`;
  return new Error([head, stack].filter(Boolean).join("\n").trimEnd());
}

// An import that leads nowhere is a module that says so, in its address.
function inAddress(name) {
  const [, text] = /^data:[^,]*;base64,(.*)$/.exec(name) ?? [];
  return text === undefined ? undefined : new TextDecoder().decode(Uint8Array.from(atob(text), (it) => it.charCodeAt(0)));
}

function shortened(text, limit) {
  return text.length > limit ? `${text.slice(0, limit)}…\n(there was more than is kept)` : text;
}

function printer(limit) {
  const lines = [];
  let left = limit;
  const print = (line) => {
    if (left < 0) return;
    lines.push(shortened(line, left));
    left -= line.length + 1;
  };
  return { print, text: () => lines.join("\n") };
}
