// Pictures and files: chosen on this machine, kept by the emulator, sent by their address.

import { keepFile } from "./api.js";
import { tried } from "./attempts.js";

/** Send what is chosen in a form's file field; `send(attachment)` says it to the platform. */
export function onFile(form, refusal, send) {
  const field = form.querySelector("input[type=file]");
  field.addEventListener("change", async () => {
    const [file] = field.files;
    if (!file) return;
    await tried(refusal(), async () => {
      const { type, url } = await keepFile(file);
      await send({ type, payload: { url } });
    });
    field.value = ""; // so that the same file can be chosen once more
  });
}
