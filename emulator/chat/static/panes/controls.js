// What nobody on the Page can do: the clock, the Page's routing, and faults for the bot.

import { control } from "../platform/api.js";
import { tried } from "../platform/attempts.js";
import { byId, element } from "../dom.js";
import { FAULTS, faultsLeft } from "../platform/faults.js";
import { duration, hour } from "../platform/time.js";
import { meaning } from "../words.js";

const STEPS = { "+1 min": 60, "+5 min": 300, "+30 min": 1_800, "+2 h": 7_200, "+24 h": 86_400 }; // seconds
const MODES = { on: "On", off: "Off", legacy: "Legacy" };
export class Controls {
  #time;
  #bot = null;
  #left = { calls: [], webhooks: {} };
  #refusal = byId("controls-refusal");

  constructor(time) {
    this.#time = time;
    byId("clock-steps").append(...Object.entries(STEPS).map(([text, by]) => this.#step(text, by)));
    byId("routing").append(...Object.entries(MODES).map(([mode, text]) => this.#mode(mode, text)));
    const faults = Object.entries(FAULTS).map(([value, { text }]) => element("option", { value, textContent: text }));
    byId("fault").append(...faults);
    byId("fault-form").addEventListener("submit", (event) => this.#throw(event));
    byId("clear-faults").addEventListener("click", () => this.#clear());
  }

  become(user, cast) {
    this.#bot = cast.bot;
    for (const button of byId("routing").children) {
      button.ariaPressed = String(button.dataset.mode === cast.modes[user.platform]);
    }
  }

  /** Show the time; to be called every second. */
  tick() {
    byId("clock").textContent = hour(this.#time.now());
    const { ahead } = this.#time;
    byId("ahead").textContent = ahead > 0 ? `${duration(ahead)} ahead` : "";
  }

  async refreshClock() {
    this.#time.set(await control("GET", "clock"));
    this.tick();
  }

  async refreshFaults() {
    this.#left = await control("GET", "faults");
    const texts = faultsLeft(this.#left);
    const rows = texts.map((text) => element("li", { textContent: text, title: text }));
    byId("active-faults").replaceChildren(...rows);
    byId("clear-faults").disabled = texts.length === 0;
  }

  #step(text, seconds) {
    const step = element("button", { type: "button", textContent: text });
    step.addEventListener("click", () =>
      tried(this.#refusal, () => control("POST", "clock", { advance_seconds: seconds })),
    );
    return step;
  }

  #mode(mode, text) {
    const button = element("button", { type: "button", textContent: text, title: meaning(mode), ariaPressed: "false" });
    button.dataset.mode = mode;
    button.addEventListener("click", () =>
      tried(this.#refusal, () => control("PUT", "routing", { mode })),
    );
    return button;
  }

  #throw(event) {
    event.preventDefault();
    const fault = FAULTS[byId("fault").value];
    const times = byId("fault-times").valueAsNumber;
    const body = fault.body({ times, app_id: this.#bot.id, webhooks: this.#left.webhooks });
    this.#change("POST", body);
  }

  #clear() {
    byId("fault").focus(); // the button that had the focus can't be pressed any more
    this.#change("DELETE");
  }

  #change(method, body) {
    return tried(this.#refusal, async () => {
      await control(method, "faults", body);
      await this.refreshFaults();
    });
  }
}
