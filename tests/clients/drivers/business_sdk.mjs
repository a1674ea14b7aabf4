// Meta's own facebook-nodejs-business-sdk: JSON bodies, parameters of GET and DELETE in the query.
import bizSdk from 'facebook-nodejs-business-sdk';

import { serve } from './driver.mjs';

const { Application, FacebookAdsApi, FacebookAdsApiBatch, Page, Persona, User } = bizSdk;

let graph;
Object.defineProperty(FacebookAdsApi, 'GRAPH', { get: () => graph });

await serve({
  clientFor: ({ url, token }) => {
    graph = url;
    return new FacebookAdsApi(token, 'en_US', false);
  },
  errorOf: ({ response }) => ({ code: response?.code, subcode: response?.error_subcode }),
  calls: {
    pass: (api, { user, target, metadata }) =>
      done(page(api).createPassThreadControl([], { ...to(user), target_app_id: target, metadata })),
    take: (api, { user, metadata }) =>
      done(page(api).createTakeThreadControl([], { ...to(user), metadata })),
    release: (api, { user }) => done(page(api).createReleaseThreadControl([], to(user))),
    request: (api, { user, metadata }) =>
      done(page(api).createRequestThreadControl([], { ...to(user), metadata })),
    extend: (api, { user, seconds }) =>
      done(page(api).createExtendThreadControl([], { ...to(user), duration: seconds })),
    owner: async (api, { user }) => {
      const [first] = await listed(page(api).getThreadOwner([], { recipient: user }));
      return first.thread_owner;
    },
    secondary_receivers: (api) => listed(page(api).getSecondaryReceivers(['id', 'name'])),

    text: (api, { user, text }) => send(api, user, { text }),
    quick_replies: (api, { user, text, replies }) =>
      send(api, user, { text, quick_replies: replies }),
    buttons: (api, { user, text, buttons }) =>
      send(api, user, template({ template_type: 'button', text, buttons })),
    generic: (api, { user, elements }) =>
      send(api, user, template({ template_type: 'generic', elements })),
    image_url: (api, { user, image }) => send(api, user, picture({ url: image })),
    upload_url: (api, { image }) =>
      done(
        page(api).createMessageAttachment([], {
          message: picture({ url: image, is_reusable: true }),
        }),
      ),
    image_again: (api, { user, id }) => send(api, user, picture({ attachment_id: id })),
    typing: (api, { user }) => act(api, user, Page.SenderAction.typing_on),
    seen: (api, { user }) => act(api, user, Page.SenderAction.mark_seen),
    react: (api, { user, message, reaction }) =>
      act(api, user, Page.SenderAction.react, { payload: { message_id: message, reaction } }),
    human: (api, { user, text }) =>
      done(
        page(api).createMessage([], {
          ...to(user),
          messaging_type: 'MESSAGE_TAG',
          tag: 'HUMAN_AGENT',
          message: { text },
        }),
      ),
    as_persona: (api, { user, text, persona }) =>
      done(page(api).createMessage([], { ...response(user, { text }), persona_id: persona })),
    batch: async (api, { users, text }) => {
      const answers = [];
      const note = (answer) => answers.push([answer.status, answer.body]);
      const batch = new FacebookAdsApiBatch(api);
      for (const user of users) {
        batch.add('POST', ['me', 'messages'], response(user, { text }), null, note, note);
      }
      await batch.execute();
      return answers;
    },

    create_persona: (api, { name, picture: url }) =>
      done(page(api).createPersona([], { name, profile_picture_url: url })),
    persona: (api, { id }) =>
      done(new Persona(id, {}, null, api).read(['name', 'profile_picture_url'])),
    personas: (api) => listed(page(api).getPersonas(['name', 'profile_picture_url'])),
    delete_persona: (api, { id }) => new Persona(id, {}, null, api).delete(),

    set_profile: (api, { profile }) => done(page(api).createMessengerProfile([], profile)),
    profile: (api, { fields }) => listed(page(api).getMessengerProfile(fields)),
    delete_profile: (api, { fields }) => page(api).deleteMessengerProfile({ fields }),
    page: (api) => done(page(api).read(['id', 'name'])),

    subscribe: (api, { fields }) =>
      done(page(api).createSubscribedApp([], { subscribed_fields: fields })),
    subscribed: (api) => listed(page(api).getSubscribedApps([])),
    unsubscribe: (api) => page(api).deleteSubscribedApps(),
    subscribe_app: (api, { webhook, fields, verify }, { app }) =>
      done(
        application(api, app).createSubscription([], {
          object: 'page',
          callback_url: webhook,
          fields,
          verify_token: verify,
        }),
      ),
    app_subscriptions: (api, _, { app }) => listed(application(api, app).getSubscriptions([])),
    unsubscribe_app: (api, _, { app }) =>
      application(api, app).deleteSubscriptions({ object: 'page' }),
    debug_token: async (api) => (await api.getAppID()).data.data,
    accounts: (api) =>
      listed(new User('me', {}, null, api).getAccounts(['id', 'name', 'access_token'])),
  },
});

function page(api) {
  return new Page('me', {}, null, api);
}

function application(api, id) {
  return new Application(id, {}, null, api);
}

function to(user) {
  return { recipient: { id: user } };
}

function response(user, message) {
  return { ...to(user), messaging_type: 'RESPONSE', message };
}

function send(api, user, message) {
  return done(page(api).createMessage([], response(user, message)));
}

function act(api, user, action, more = {}) {
  return done(page(api).createMessage([], { ...to(user), sender_action: action, ...more }));
}

function picture(payload) {
  return { attachment: { type: 'image', payload } };
}

function template(payload) {
  return { attachment: { type: 'template', payload } };
}

async function done(promise) {
  return told(await promise);
}

async function listed(promise) {
  return (await promise).map(told);
}

// All that Graph has told of an object; exportData() has what is still to be saved alone.
function told({ _data: data }) {
  return data;
}
