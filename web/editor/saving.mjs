// When what was typed is sent to be saved: 500 ms after the last key, on blur and on request, one
// save at a time.
//
// It owns timers and nothing else; what is sent, and what happens to it when the stored text
// changes, is `typed.mjs`.

/// After the last key.
export const REST_MS = 500;
/// A save that nobody acknowledged is sent again: the core may have died with it. A core that has it
/// sees an old base and ignores the second one.
export const AGAIN_MS = 4000;

export class Saving {
  /// `send` takes `{ base, changes }`; `show` takes changes for the shown text; `said` hears of the
  /// state: "saved", "typed" or "saving", and `carried` when typed text moved over a change.
  constructor(typed, { send, show, said, carried, timers = globalThis }) {
    Object.assign(this, { typed, send, show, said, carried, timers });
    this.rest = null;
    this.again = null;
    /// A save was due while another one was under way.
    this.due = false;
    this.state = "saved";
  }

  type(changes) {
    this.typed.type(changes);
    this.timers.clearTimeout(this.rest);
    this.rest = this.timers.setTimeout(() => this.save(), REST_MS);
    this.due = false;
    this.tell();
  }

  /// Saves at once; on blur, on the shortcut, and before the editor goes.
  save() {
    this.timers.clearTimeout(this.rest);
    this.rest = null;
    const save = this.typed.takeSave();
    if (save) {
      this.send(save);
      this.watch();
    }
    this.due = this.typed.sent !== null && !this.typed.later.empty;
    this.tell();
  }

  stored(version, change) {
    this.follow(() => this.typed.stored(version, change));
  }

  storedWhole(version, text) {
    this.follow(() => this.typed.storedWhole(version, text));
  }

  follow(step) {
    const { show, carried } = step();
    if (show) this.show(show);
    if (carried) this.carried();
    if (this.typed.sent === null) this.timers.clearTimeout(this.again);
    if (this.due) this.save();
    else this.tell();
  }

  watch() {
    this.timers.clearTimeout(this.again);
    this.again = this.timers.setTimeout(() => {
      const save = this.typed.sentAgain();
      if (!save) return;
      this.send(save);
      this.watch();
    }, AGAIN_MS);
  }

  tell() {
    const state = this.typed.sent ? "saving" : this.typed.dirty ? "typed" : "saved";
    if (state === this.state) return;
    this.state = state;
    this.said(state);
  }

  /// Nobody listens any more; `resume` goes on where this left off.
  stop() {
    this.timers.clearTimeout(this.rest);
    this.timers.clearTimeout(this.again);
  }

  resume() {
    if (this.typed.sent) this.watch();
    this.said(this.state);
  }
}
