// The phone of an account of a testfile, as the native side makes it.
import { nativeOptions } from './agent_options.mjs';
import { ask } from './host.mjs';
import { run } from './run.mjs';

/** What the native side makes of the account. */
function optionsOf(name, options) {
  const agent = {
    username: options.username, domain: options.domain, password: options.password, displayName: options.displayName, authUser: options.authUser,
    transport: options.transport, ...run.wayOut(options), stunServer: options.stunServer, regint: options.regint,
    dtmfMode: options.dtmfMode, codecs: options.codecs, maxCalls: 10, followRedirects: options.autoRedirect ?? false, rtpTimeout: options.rtpTimeout_s ?? 0,
    mediaEnc: options.mediaEncryption, mwi: options.mwi
  };
  return {
    ...nativeOptions(name, agent, run.recording()), headers: options.headers ?? [], strangers: options.catchAll ? 'yes' : 'no', reliable: options.reliable ?? 'yes',
    packet_time_ms: options.ptime ?? 20, rtcp_mux: options.rtcpMux === false ? 'no' : 'yes', ice: options.mediaNat === 'ice'
  };
}

/** Who registers nowhere is called at its own address: it listens there, unless that is the address of somebody else. */
export function createPhone(name, options) {
  const native = optionsOf(name, options);
  if (options.regint === 0 && options.outbound === undefined && run.exchange === undefined && /:\d+$/.test(options.domain)) {
    try {
      return ask('phone.create', { ...native, listen: options.domain });
    } catch {
      // The port is taken, or of another machine: of an exchange, that is.
    }
  }
  return ask('phone.create', native);
}
