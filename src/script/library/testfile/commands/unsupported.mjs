// Commands of baresip that have no meaning here, and what to do instead.

const NO_MODULES = 'agents have no modules to load: codecs, encryption and sources are parameters of uanew';
const NO_VIDEO = 'agents have no video';
const NO_CONSOLE = 'it only prints the state of a baresip process, and there is none';
const NO_DEVICES = 'agents have no loudspeaker; what they hear is recorded';
const NO_SCHEDULE = 'write the calls as steps: repeat, wait and dial';

export const UNSUPPORTED = {
  insmod: NO_MODULES, rmmod: NO_MODULES, modules: NO_MODULES,
  videodir: NO_VIDEO, vidsrc: NO_VIDEO, video_debug: NO_VIDEO,
  about: NO_CONSOLE, config: NO_CONSOLE, help: NO_CONSOLE, main: NO_CONSOLE, memstat: NO_CONSOLE, netstat: NO_CONSOLE, sipstat: NO_CONSOLE,
  sysinfo: NO_CONSOLE, timers: NO_CONSOLE, uuid: NO_CONSOLE, aufileinfo: NO_CONSOLE,
  auplay: NO_DEVICES, play: NO_DEVICES,
  autocmdinfo: NO_SCHEDULE, autodialadd: NO_SCHEDULE, autodialdel: NO_SCHEDULE, autohangupgap: NO_SCHEDULE,
  aubitrate: 'the encoder chooses its bit rate; audio_codecs of uanew chooses the codec',
  conf_reload: 'agents have no configuration file; parameters of uanew say how they behave',
  entransp: 'the transport of an agent is chosen with ;transport= in its URI',
  netchange: 'the addresses of the host do not change during a test',
  tlsissuer: 'certificates are checked by the engine and not shown to testfiles',
  tlssubject: 'certificates are checked by the engine and not shown to testfiles',
};
