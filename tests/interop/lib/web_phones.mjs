// The same small phone on top of JsSIP and of SIP.js, for pages: `phone.register(…)`, `phone.call(user)`, `phone.hangUp()`, and in `phone.events` what
// happened. It answers what comes in.

const COMMON = `
const events = [];
const note = (event) => events.push(event);
const watch = (connection) => {
  window.connection = connection;
  connection.addEventListener('connectionstatechange', () => note('media ' + connection.connectionState));
};
/** Bytes of audio received. */
const received = async () => {
  let bytes = 0;
  (await window.connection.getStats()).forEach((report) => { if (report.type === 'inbound-rtp') bytes += report.bytesReceived; });
  return bytes;
};
`;

export const JSSIP = `
import JsSIP from 'jssip';
${COMMON}
let ua;
let session;
const lines = [];
const OPTIONS = { mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } };
window.phone = {
  events,
  received,
  register({ url, user, password, domain }) {
    ua = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(url)], uri: 'sip:' + user + '@' + domain, password, register_expires: 600 });
    ua.on('registered', () => note('registered'));
    ua.on('unregistered', () => note('unregistered'));
    ua.on('registrationFailed', ({ cause }) => note('refused ' + cause));
    ua.on('newRTCSession', (event) => {
      session = event.session;
      lines.push(session);
      session.on('accepted', () => note('accepted'));
      session.on('confirmed', () => note('confirmed'));
      session.on('ended', ({ originator }) => note('ended ' + originator));
      session.on('failed', ({ cause }) => note('failed ' + cause));
      session.on('peerconnection', ({ peerconnection }) => watch(peerconnection));
      session.on('newInfo', ({ originator, info }) => { if (originator === 'remote') note('info ' + info.body); });
      session.on('newDTMF', ({ originator, dtmf }) => { if (originator === 'remote') note('dtmf ' + dtmf.tone); });
      if (event.originator === 'remote') {
        note('incoming ' + session.remote_identity.uri.user);
        session.answer(OPTIONS);
      } else {
        watch(session.connection);
      }
    });
    ua.start();
  },
  call(user) { ua.call(user, OPTIONS); },
  hangUp() { session.terminate(); },
  /** Connects whom it called first with whom it called last. */
  transfer() {
    const [first, last] = [lines.at(-2), lines.at(-1)];
    first.refer(last.remote_identity.uri, { replaces: last, eventHandlers: { requestSucceeded: () => note('transferring') } });
  },
  digit(tone) { session.sendDTMF(tone); },
  leave() { ua.unregister(); },
};
`;

export const SIPJS = `
import { Inviter, Registerer, SessionState, UserAgent } from 'sip.js';
${COMMON}
let agent;
let registerer;
let session;
let local;
const OPTIONS = { sessionDescriptionHandlerOptions: { constraints: { audio: true, video: false } } };
function follow(made, direction) {
  session = made;
  local = false;
  session.delegate = {
    onRefer: async (referral) => {
      await referral.accept();
      const inviter = referral.makeInviter(OPTIONS);
      follow(inviter);
      await inviter.invite();
    },
    onInfo: (info) => { note('info ' + info.request.body); info.accept(); },
    onSessionDescriptionHandler: (handler) => watch(handler.peerConnection),
  };
  session.stateChange.addListener((state) => {
    if (state === SessionState.Established) note('accepted');
    if (state === SessionState.Terminated) note('ended ' + (local ? 'local' : 'remote'));
  });
}
window.phone = {
  events,
  received,
  async register({ url, user, password, domain }) {
    agent = new UserAgent({
      uri: UserAgent.makeURI('sip:' + user + '@' + domain),
      transportOptions: { server: url },
      authorizationUsername: user,
      authorizationPassword: password,
      logLevel: 'error',
      sessionDescriptionHandlerFactoryOptions: { peerConnectionConfiguration: { iceServers: [] } },
      delegate: {
        onInvite: (invitation) => {
          note('incoming ' + invitation.remoteIdentity.uri.user);
          follow(invitation);
          invitation.accept(OPTIONS);
        },
      },
    });
    await agent.start();
    registerer = new Registerer(agent, { expires: 600 });
    registerer.stateChange.addListener((state) => note(state.toLowerCase()));
    await registerer.register({ requestDelegate: { onReject: (response) => note('refused ' + response.message.statusCode) } });
    window.domain = domain;
  },
  async call(user) {
    follow(new Inviter(agent, UserAgent.makeURI('sip:' + user + '@' + window.domain), OPTIONS));
    await session.invite({ requestDelegate: { onReject: (response) => note('failed ' + response.message.statusCode) } });
  },
  hangUp() { local = true; session.bye(); },
  digit(tone) {
    session.info({ requestOptions: { body: { contentDisposition: 'render', contentType: 'application/dtmf-relay', content: 'Signal=' + tone + '\\r\\nDuration=160\\r\\n' } } });
  },
  leave() { registerer.unregister(); },
};
`;
