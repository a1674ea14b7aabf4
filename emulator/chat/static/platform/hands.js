// How an operator's thread control reaches the platform: through the Inbox, which is Meta's own app
// and has no API, or as the agents' app, through Graph with its token.

import { control, graph } from "./api.js";

export function handsOfInbox(user) {
  const act = (verb, body = {}) => control("POST", `inbox/${user}/${verb}`, body);
  return {
    say: (text) => act("messages", { text }),
    attach: (attachment) => act("messages", { attachments: [attachment] }),
    take: () => act("take"),
    request: () => act("request"),
    release: () => act("release"),
    pass: (target) => act("pass", { target_app_id: target }),
  };
}

export function handsOfApp(app, user) {
  const recipient = { id: user };
  const act = (edge, body = {}) => graph(app, edge, { recipient, ...body });
  const send = (message) => act("messages", { messaging_type: "RESPONSE", message });
  return {
    say: (text) => send({ text }),
    attach: (attachment) => send({ attachment }),
    take: () => act("take_thread_control"),
    request: () => act("request_thread_control"),
    release: () => act("release_thread_control"),
    pass: (target) => act("pass_thread_control", { target_app_id: target }),
  };
}
