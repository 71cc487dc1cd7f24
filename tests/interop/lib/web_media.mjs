// A web phone on top of JsSIP that knows what it says and hears, as a page for lib/browser.mjs: `phone.register(…)`, `phone.call(user, …)`, and in
// `phone.events` what happened. It answers what comes in.

export const WEB_MEDIA = `
import JsSIP from 'jssip';

const events = [];
const note = (event) => events.push(event);
let ua;
let session;
let settings;
let analyser;
const context = new AudioContext();
const RAW = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

// The order of codecs is settled on each transceiver before a description is made.
for (const make of ['createOffer', 'createAnswer']) {
  const usual = RTCPeerConnection.prototype[make];
  RTCPeerConnection.prototype[make] = function (...given) {
    const all = RTCRtpReceiver.getCapabilities('audio').codecs;
    const wanted = all.filter(({ mimeType }) => mimeType.toLowerCase() === 'audio/' + settings.codec.toLowerCase());
    const keys = all.filter(({ mimeType }) => mimeType === 'audio/telephone-event');
    for (const transceiver of this.getTransceivers()) transceiver.setCodecPreferences([...wanted, ...keys]);
    return usual.apply(this, given);
  };
}

function watch(connection) {
  window.connection = connection;
  connection.addEventListener('connectionstatechange', () => note('media ' + connection.connectionState));
  connection.addEventListener('track', ({ track }) => {
    const stream = new MediaStream([track]);
    // Chromium decodes what an element plays.
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    element.play();
    analyser = context.createAnalyser();
    analyser.fftSize = 8192;
    analyser.smoothingTimeConstant = 0;
    context.createMediaStreamSource(stream).connect(analyser);
  });
}

/** What the microphone says, or with 'oscillator' a tone of its own, for which nobody has to be asked. */
async function voice() {
  if (settings.voice !== 'oscillator') return navigator.mediaDevices.getUserMedia({ audio: RAW });
  const oscillator = context.createOscillator();
  oscillator.frequency.value = settings.hertz;
  const gain = context.createGain();
  gain.gain.value = 0.3;
  const destination = context.createMediaStreamDestination();
  oscillator.connect(gain).connect(destination);
  oscillator.start();
  return destination.stream;
}

const options = async () => ({ mediaStream: await voice(), pcConfig: { iceServers: settings.iceServers ?? [], iceTransportPolicy: settings.policy ?? 'all' } });

window.phone = {
  events,
  register({ url, user, password, domain, ...media }) {
    settings = media;
    ua = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(url)], uri: 'sip:' + user + '@' + domain, password, register_expires: 600 });
    ua.on('registered', () => note('registered'));
    ua.on('unregistered', () => note('unregistered'));
    ua.on('newRTCSession', async (event) => {
      session = event.session;
      session.on('accepted', () => note('accepted'));
      session.on('ended', () => note('ended'));
      session.on('failed', ({ cause, message }) => note('failed ' + cause + ' ' + (message?.status_code ?? '')));
      session.on('peerconnection', ({ peerconnection }) => watch(peerconnection));
      session.on('newDTMF', ({ originator, dtmf }) => { if (originator === 'remote') note('dtmf ' + dtmf.tone); });
      if (event.originator === 'remote') session.answer(await options());
      else watch(session.connection);
    });
    ua.start();
  },
  async call(user) { ua.call(user, await options()); },
  hangUp() { session.terminate(); },
  press(keys) { session.sendDTMF(keys, { transportType: 'RFC2833', duration: 100 }); },
  restart() { return new Promise((resolve) => session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, resolve)); },
  leave() { ua.unregister(); },
  /** The loudest frequency that it hears, in Hz; 0 as long as there is nothing. */
  async heard() {
    if (!analyser) return 0;
    await context.resume();
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const loudest = bins.indexOf(Math.max(...bins));
    return bins[loudest] < -60 ? 0 : (loudest * context.sampleRate) / analyser.fftSize;
  },
  /** What the browser counts of what it receives, and what we have told it by RTCP of what it sends. */
  async statistics() {
    const found = { candidates: [] };
    const reports = await window.connection.getStats();
    reports.forEach((report) => {
      if (report.type === 'inbound-rtp') Object.assign(found, { received: report.packetsReceived, lost: report.packetsLost, codec: reports.get(report.codecId)?.mimeType });
      if (report.type === 'outbound-rtp') Object.assign(found, { sent: report.packetsSent, sentCodec: reports.get(report.codecId)?.mimeType });
      if (report.type === 'remote-inbound-rtp') Object.assign(found, { reported: true, lostThere: report.packetsLost, roundTrip: report.roundTripTime });
      if (report.type === 'candidate-pair' && report.nominated && report.state === 'succeeded') found.path = reports.get(report.localCandidateId).candidateType;
      if (report.type === 'transport') Object.assign(found, { dtls: report.dtlsState, srtp: report.srtpCipher });
    });
    return found;
  },
  offered() { return window.connection.localDescription.sdp; },
};
`;
