import { bytesOf, h, s, sizeText } from './dom.mjs';

// Waveform and player of each recording.

const WAVE_WIDTH = 800;
const WAVE_HEIGHT = 64;

/** The largest and smallest sample in each of `columns` parts. */
export function peaksOf(samples, columns) {
  const step = Math.max(1, samples.length / columns);
  return Array.from({ length: Math.min(columns, samples.length) }, (_, column) => {
    let low = 1;
    let high = -1;
    const end = Math.min(samples.length, Math.floor((column + 1) * step));
    for (let index = Math.floor(column * step); index < end; index += 1) {
      low = Math.min(low, samples[index]);
      high = Math.max(high, samples[index]);
    }
    return [low, high];
  });
}

function waveform(buffer, player) {
  const middle = WAVE_HEIGHT / 2;
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, channel) => {
    const peaks = peaksOf(buffer.getChannelData(channel), WAVE_WIDTH);
    const path = peaks.map(([low, high], column) => `M${column + 0.5} ${(middle - high * middle - 0.5).toFixed(1)} V${(middle - low * middle + 0.5).toFixed(1)}`).join('');
    return s('path', { class: `wave channel-${channel}`, d: path, transform: `translate(0 ${channel * WAVE_HEIGHT})` });
  });
  const height = WAVE_HEIGHT * buffer.numberOfChannels;
  const head = s('path', { class: 'playhead', d: `M0 0 V${height}` });
  const picture = s('svg', { class: 'waveform', viewBox: `0 0 ${WAVE_WIDTH} ${height}`, preserveAspectRatio: 'none', style: `height: ${height}px`, role: 'img', 'aria-label': 'Waveform; a click plays from there' }, channels, head);
  picture.addEventListener('click', (event) => {
    const box = picture.getBoundingClientRect();
    player.currentTime = ((event.clientX - box.left) / box.width) * buffer.duration;
    player.play();
  });
  player.addEventListener('timeupdate', () => head.setAttribute('transform', `translate(${(player.currentTime / buffer.duration) * WAVE_WIDTH} 0)`));
  return picture;
}

/** Decoding needs no permission to play. */
async function decode(bytes) {
  const context = new OfflineAudioContext(1, 1, 48_000);
  return context.decodeAudioData(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function recording(artifact, attachment) {
  const name = artifact.path.split('/').at(-1);
  const title = h('h3', {}, artifact.agent ? `${artifact.agent}: ${name}` : name);
  if (!attachment || attachment.missing) return h('section', {}, title, h('p', { class: 'nothing' }, 'The file is not there any more.'));
  const player = h('audio', { controls: true, preload: 'metadata', src: attachment.href });
  const place = h('div', { class: 'wave-place' });
  const bytes = bytesOf(attachment.href);
  if (bytes) {
    // Agents record what they hear on the left channel, and what they say on the right one.
    decode(bytes).then((buffer) => place.append(waveform(buffer, player), buffer.numberOfChannels === 2 ? h('p', { class: 'place' }, 'Above what it heard, below what it said') : ''), () => place.append(h('p', { class: 'nothing' }, 'The sound cannot be decoded here.')));
  }
  return h('section', {}, title, place, player, ' ', h('a', { href: attachment.href, download: name }, `${name} (${sizeText(attachment.size)})`));
}

export function recordingsPane(attempt, attachments) {
  const recordings = attempt.artifacts.filter((artifact) => artifact.kind === 'recording');
  if (recordings.length === 0) return h('p', { class: 'nothing' }, 'No recordings; --save-audio makes them');
  return h('div', { class: 'recordings' }, recordings.map((artifact) => recording(artifact, attachments[artifact.path])));
}
