// @warriorteam/messenger-sdk, written anew for today's platform: fetch, JSON bodies.
import { Messenger } from '@warriorteam/messenger-sdk';

import { serve } from './driver.mjs';

await serve({
  clientFor: ({ url, token }) => new Messenger({ baseUrl: url, version: 'v25.0', accessToken: token }),
  errorOf: ({ code, subcode }) => ({ code, subcode }),
  calls: {
    text: ({ send }, { user, text }) =>
      send.message({ ...to(user), messaging_type: 'RESPONSE', message: { text } }),
    quick_replies: ({ send }, { user, text, replies }) =>
      send.message({
        ...to(user),
        messaging_type: 'RESPONSE',
        message: { text, quick_replies: replies },
      }),
    buttons: ({ templates }, { user, text, buttons }) =>
      templates.button({ ...to(user), text, buttons }),
    generic: ({ templates }, { user, elements }) => templates.generic({ ...to(user), elements }),
    image_url: ({ send }, { user, image }) =>
      send.attachmentFromUrl({ ...to(user), type: 'image', url: image }),
    upload_url: ({ attachments }, { image }) => attachments.upload({ type: 'image', url: image }),
    image_again: ({ send }, { user, id }) =>
      send.attachment({ ...to(user), type: 'image', attachment_id: id }),
    typing: ({ send }, { user }) => send.typingOn(user),
    seen: ({ send }, { user }) => send.markSeen(user),
    react: ({ send }, { user, message, reaction }) =>
      send.addReaction(user, { messageId: message, emoji: reaction }),
    media: ({ templates }, { user, elements: [element] }) =>
      templates.media({ ...to(user), element }),
    human: ({ send }, { user, text }) =>
      send.message({
        ...to(user),
        messaging_type: 'MESSAGE_TAG',
        tag: 'HUMAN_AGENT',
        message: { text },
      }),
    person: ({ profile }, { user }) => profile.getFull(user),
  },
});

function to(user) {
  return { recipient: { id: user } };
}
