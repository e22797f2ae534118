const PAUSE = 200; // milliseconds without another step, after which the choice stands

export default function ({ data, parentElement }) {
  const input = parentElement.querySelector("input");
  const told = parentElement.querySelector("output");
  const show = (sure) => {
    told.textContent = `${Math.round(100 * sure)}%`;
    input.setAttribute("aria-valuetext", told.textContent);
  };
  input.oninput = () => {
    show(input.value);
    clearTimeout(input.timer);
    input.timer = setTimeout(() => ask(data.parameter, Number(input.value)), PAUSE);
  };
  if (input.known === data.sure) return; // whoever is on the way to another value is not called back
  input.known = data.sure;
  input.value = data.sure;
  show(data.sure); // an address may hold what lies between two steps
}

// The entry in the history is replaced, as by the other filters; Streamlit answers as it answers the back button.
function ask(parameter, sure) {
  const to = new URL(location.href);
  if (sure) to.searchParams.set(parameter, sure);
  else to.searchParams.delete(parameter);
  history.replaceState(history.state, "", to);
  dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
}
