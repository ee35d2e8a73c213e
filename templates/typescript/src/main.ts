import { TaskList, type Task } from "./list";

const list = new TaskList();
const form = find<HTMLFormElement>("#add");
const input = find<HTMLInputElement>("#text");
const tasks = find<HTMLUListElement>("#tasks");
const left = find<HTMLParagraphElement>("#left");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const task = list.add(input.value);
  if (task) tasks.append(row(task));
  form.reset();
  input.focus();
  count();
});

count();

function row(task: Task): HTMLLIElement {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.addEventListener("change", () => {
    task.done = box.checked;
    count();
  });
  const label = document.createElement("label");
  label.append(box, " ", task.text);
  const item = document.createElement("li");
  item.append(label);
  return item;
}

function count(): void {
  left.textContent = list.left === 0 ? "Nothing left to do" : `${list.left} left to do`;
}

function find<T extends Element>(selector: string): T {
  const element = document.querySelector<T>(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}
