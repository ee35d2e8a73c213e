import { useState } from "preact/hooks";

interface Props {
  name: string;
}

export function Counter({ name }: Props) {
  const [count, setCount] = useState(0);
  return (
    <section class="counter" aria-label={name}>
      <h2>{name}</h2>
      <button type="button" aria-label={`One ${name} less`} onClick={() => setCount(count - 1)}>
        −
      </button>
      <output>{count}</output>
      <button type="button" aria-label={`One ${name} more`} onClick={() => setCount(count + 1)}>
        +
      </button>
    </section>
  );
}
