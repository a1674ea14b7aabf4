// Yoctol's messaging-api-messenger, which Bottender is built on: JSON bodies, forms for files.
import messagingApi from 'messaging-api-messenger';

import { serve } from './driver.mjs';

const { MessengerBatch, MessengerClient } = messagingApi;

await serve({
  clientFor: ({ url, token, app, secret, proof }) =>
    new MessengerClient({
      origin: url,
      version: '25.0',
      accessToken: token,
      appId: app,
      appSecret: secret,
      skipAppSecretProof: !proof,
    }),
  errorOf: (error) => {
    const told = error.response?.data?.error ?? {};
    return { code: told.code, subcode: told.errorSubcode };
  },
  calls: {
    pass: (client, { user, target, metadata }) => client.passThreadControl(user, target, metadata),
    pass_to_inbox: (client, { user }) => client.passThreadControlToPageInbox(user, 'to the inbox'),
    take: (client, { user, metadata }) => client.takeThreadControl(user, metadata),
    request: (client, { user, metadata }) => client.requestThreadControl(user, metadata),
    owner: (client, { user }) => client.getThreadOwner(user),
    secondary_receivers: (client) => client.getSecondaryReceivers(),

    text: (client, { user, text }) => client.sendText(user, text, { messagingType: 'RESPONSE' }),
    quick_replies: (client, { user, text, replies }) =>
      client.sendText(user, text, { quickReplies: replies.map(camel) }),
    buttons: (client, { user, text, buttons }) => client.sendButtonTemplate(user, text, buttons),
    generic: (client, { user, elements }) => client.sendGenericTemplate(user, elements),
    media: (client, { user, elements }) => client.sendMediaTemplate(user, elements),
    image_url: (client, { user, image }) => client.sendImage(user, image),
    image_file: (client, { user, content }) =>
      client.sendImage(user, Buffer.from(content), { filename: 'picture.png' }),
    upload_url: (client, { image }) => client.uploadImage(image, { isReusable: true }),
    upload_file: (client, { content }) =>
      client.uploadImage(Buffer.from(content), { isReusable: true, filename: 'picture.png' }),
    image_again: (client, { user, id }) => client.sendImage(user, { attachmentId: id }),
    typing: (client, { user }) => client.typingOn(user),
    seen: (client, { user }) => client.markSeen(user),
    human: (client, { user, text }) => client.sendText(user, text, { tag: 'HUMAN_AGENT' }),
    as_persona: (client, { user, text, persona }) =>
      client.sendText(user, text, { personaId: persona }),
    batch: async (client, { users, text }) => {
      const answers = await client.sendBatch(
        users.map((user) => MessengerBatch.sendText(user, text)),
      );
      return answers.map(({ code, body }) => [code, body]);
    },

    create_persona: (client, { name, picture }) =>
      client.createPersona({ name, profilePictureUrl: picture }),
    persona: (client, { id }) => client.getPersona(id),
    personas: (client) => client.getAllPersonas(),
    delete_persona: (client, { id }) => client.deletePersona(id),

    set_profile: (client, { profile }) => client.setMessengerProfile(profile),
    profile: (client, { fields }) => client.getMessengerProfile(fields),
    delete_profile: (client, { fields }) => client.deleteMessengerProfile(fields),
    set_menu: (client, { user, items }) => client.setUserPersistentMenu(user, items),
    menu: (client, { user }) => client.getUserPersistentMenu(user),
    delete_menu: (client, { user }) => client.deleteUserPersistentMenu(user),
    person: (client, { user }) => client.getUserProfile(user),
    page: (client) => client.getPageInfo(),

    subscribe_app: (client, { webhook, fields, verify }) =>
      client.createSubscription({ callbackUrl: webhook, fields, verifyToken: verify }),
    app_subscriptions: (client) => client.getSubscriptions(),
    debug_token: (client) => client.debugToken(),
  },
});

function camel({ content_type: contentType, ...rest }) {
  return { contentType, ...rest };
}
