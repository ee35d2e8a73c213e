// What a person does in Easel, by the names that the screen gives to things.
//
// A journey says what happens; how a button is found is said here, once. Nothing looks at classes
// where a role and a name do.

import { expect, test as base } from "@playwright/test";

import { Proxy } from "./proxy.mjs";

export { expect };

// `served` is the proxy with the site; it lives as long as the worker; `page` is a fresh profile that has not opened Easel yet.
export const test = base.extend({
  served: [
    async ({}, use) => {
      const proxy = await Proxy.start();
      await use(proxy);
      await proxy.done();
    },
    { scope: "worker" },
  ],
  easel: async ({ page, served }, use) => {
    const easel = new Easel(page, served);
    await use(easel);
    expect(easel.faults, "what the page and the core reported").toEqual([]);
  },
});

export class Easel {
  constructor(page, proxy) {
    this.page = page;
    this.proxy = proxy;
    // Errors of the app's own code; the preview's are its author's.
    this.faults = [];
    page.on("pageerror", (err) => this.faults.push(String(err)));
    // The last of what was logged or did not come.
    this.heard = [];
    const keep = (text) => (this.heard = [...this.heard, text].slice(-40));
    page.on("console", (said) => {
      keep(said.text());
      if (/panicked at/.test(said.text())) this.faults.push(said.text());
    });
    page.on("requestfailed", (it) => keep(`${it.url()}: ${it.failure()?.errorText}`));
  }

  // What the page shows and has said, for a journey that ends elsewhere than it should.
  async told() {
    const shown = await this.page.locator("body").innerText({ timeout: 5_000 }).catch(String);
    const workers = this.page.workers().map((it) => it.url());
    return [this.page.url(), `shown: ${shown}`, `workers: ${workers}`, ...this.heard, ...this.faults].join("\n");
  }

  // Things on the screen

  get prompt() {
    return this.page.getByRole("textbox", { name: "What do you want to make?" });
  }
  get chat() {
    return this.page.getByRole("region", { name: "Chat", exact: true });
  }
  get messages() {
    return this.chat.getByRole("region", { name: "Messages" });
  }
  get message() {
    return this.chat.getByRole("textbox", { name: "Message" });
  }
  get mine() {
    return this.messages.getByRole("article", { name: "You" });
  }
  get replies() {
    return this.messages.locator(".message--reply");
  }
  get reply() {
    return this.replies.last();
  }
  get stop() {
    return this.chat.getByRole("button", { name: "Stop", exact: true });
  }
  get card() {
    return this.messages.getByRole("group", { name: /files? changed$/ }).last();
  }
  get changes() {
    return this.page.getByRole("region", { name: "Changes", exact: true });
  }
  get history() {
    return this.page.getByRole("region", { name: "History", exact: true });
  }
  get files() {
    return this.page.getByRole("complementary", { name: "Files" });
  }
  get preview() {
    return this.page.frameLocator('iframe[title="The running project"]');
  }
  get editor() {
    return this.page.getByRole("textbox", { name: /^Text of / });
  }
  get saved() {
    return this.page.locator(".top-bar__saved[data-status=saved]");
  }

  // The worker in which the core runs, if it is this tab's.
  get core() {
    return this.page.workers().find((it) => it.url().endsWith("/core_loader.js"));
  }

  // What one does

  async open() {
    await this.page.goto(await this.proxy.address());
    await expect(this.prompt).toBeVisible();
  }

  // Makes a project from a template without a prompt, and chooses the journeys' model in it.
  async make(template = "Web page") {
    await this.page.getByRole("radio", { name: new RegExp(`^${template}`) }).check();
    await this.page.getByRole("button", { name: "Make it" }).click();
    await expect(this.message).toBeVisible();
    await this.choose("script/journey");
  }

  async choose(model) {
    const models = this.chat.getByRole("combobox", { name: "Model" });
    await models.selectOption(model);
    await expect(models).toHaveValue(model);
  }

  async send(text) {
    // In a long conversation the oldest message goes when a new one comes, so they are not counted.
    const before = this.mine.last();
    if (await this.mine.count()) await before.evaluate((it) => it.setAttribute("data-before", ""));
    await this.message.fill(text);
    await this.message.press("Enter");
    await expect(this.mine.last()).not.toHaveAttribute("data-before");
    await expect(this.mine.last()).toHaveAttribute("data-state", "saved");
  }

  async answered() {
    await expect(this.reply).toHaveAttribute("data-state", "complete", { timeout: 60_000 });
    await expect(this.stop).toBeHidden();
  }

  async apply() {
    await this.card.getByRole("button", { name: "Apply" }).click();
    await expect(this.card).toHaveAttribute("data-state", "applied");
  }

  async show(panel) {
    const tab = this.page.getByRole("tab", { name: new RegExp(`^${panel}`) });
    if (await tab.count()) return tab.first().click();
    const rail = this.page.getByRole("navigation", { name: "Panels" });
    return rail.getByRole("button", { name: new RegExp(`^${panel}`) }).click();
  }

  async openFile(name) {
    await this.files.getByRole("treeitem", { name: new RegExp(name) }).first().dblclick();
    await expect(this.editor).toBeVisible();
  }

  // Replaces a passage in the open file, by keyboard as a person would after finding it.
  async replaceInFile(from, to) {
    await this.editor.click();
    await this.page.keyboard.press("ControlOrMeta+End");
    const line = this.editor.locator(".cm-line", { hasText: from }).first();
    await line.click();
    await this.page.keyboard.press("Home");
    await this.page.keyboard.press("Shift+End");
    const text = (await line.textContent()).trim().replace(from, to);
    await this.page.keyboard.insertText(text);
  }

  async commits() {
    return this.history.locator(".commit__title").allTextContents();
  }

  async exportZip() {
    const [download] = await Promise.all([
      this.page.waitForEvent("download"),
      this.command("Export the project as zip"),
    ]);
    return download.path();
  }

  // Runs a command of the palette by a part of its title.
  async command(title) {
    await this.page.keyboard.press("ControlOrMeta+Shift+P");
    const input = this.page.getByRole("dialog", { name: "Commands" }).getByRole("combobox");
    await input.fill(title);
    await this.page.keyboard.press("Enter");
  }
}
