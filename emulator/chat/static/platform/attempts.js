// Things that the platform may refuse; what it says is shown beside what was tried.

import { Refused, Unreachable } from "./api.js";

/** Run `action`; false if it was refused, and then `refusal` says why. */
export async function tried(refusal, action) {
  try {
    await action();
    refusal.textContent = "";
    return true;
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    refusal.textContent = error.message;
    return false;
  }
}

/**
 * A form whose textarea sends with Enter, and breaks the line with Shift and Enter. What was
 * refused stays there to be sent again; `send` says whether it went.
 */
export function onSend(form, send) {
  const text = form.querySelector("textarea");
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const written = text.value.trim();
    if (written === "" || form.querySelector(".send").disabled) return;
    text.value = "";
    text.focus();
    const went = await send(written);
    if (!went && text.value === "") text.value = written;
  });
}
