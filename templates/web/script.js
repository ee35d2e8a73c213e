const button = document.querySelector("#wave");
const output = document.querySelector("#waves");

let waves = 0;

button.addEventListener("click", () => {
  waves += 1;
  output.textContent = waves === 1 ? "1 wave" : `${waves} waves`;
});
