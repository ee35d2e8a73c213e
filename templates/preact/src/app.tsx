import { useState } from "preact/hooks";
import { Counter } from "./counter";

const START = ["Apples", "Pears"];

export function App() {
  const [names, setNames] = useState(START);
  const add = () => setNames([...names, `Basket ${names.length + 1}`]);
  return (
    <main>
      <h1>Counters</h1>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <Counter name={name} />
          </li>
        ))}
      </ul>
      <button type="button" onClick={add}>
        Add a counter
      </button>
    </main>
  );
}
