export interface Task {
  readonly text: string;
  done: boolean;
}

/** Tasks in the order in which they were added. */
export class TaskList {
  readonly #tasks: Task[] = [];

  add(text: string): Task | undefined {
    const trimmed = text.trim();
    if (trimmed === "") return undefined;
    const task: Task = { text: trimmed, done: false };
    this.#tasks.push(task);
    return task;
  }

  get left(): number {
    return this.#tasks.filter((task) => !task.done).length;
  }
}
