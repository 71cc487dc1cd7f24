// Small functions that make elements and texts. Texts are always set as text, never as HTML: they come from scripts and from the network.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== undefined && child !== null && child !== false && child !== '') element.append(child);
  }
  return element;
}

/** An element; attributes that begin with "on" are listeners. */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for pictures. */
export function s(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** "7 ms", "1.24 s", "2 m 05 s". */
export function durationText(milliseconds) {
  if (!(milliseconds >= 0)) return '';
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(2)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`;
}

export function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

export function counted(count, thing) {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** "+1.234 s" since the scenario began. */
export function offsetText(milliseconds) {
  return `${(milliseconds / 1000).toFixed(3)}`;
}

/** A value as people read it. */
export function shown(value) {
  return typeof value === 'string' ? value : JSON.stringify(value) ?? '';
}

/** Up to eight colours that are told apart in both schemes; the styles have them. */
export function colourOf(index) {
  return `var(--agent-${index % 8})`;
}

/** Enter and the space bar do what a click does, for what is no button by itself. */
export function pressable(action) {
  return {
    role: 'button',
    tabindex: '0',
    onclick: action,
    onkeydown: (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      action(event);
    },
  };
}

/** Bytes of a data: URI; nothing for another address. */
export function bytesOf(uri) {
  const match = /^data:[^,]*;base64,(.*)$/s.exec(uri ?? '');
  return match ? Uint8Array.from(atob(match[1]), (character) => character.charCodeAt(0)) : undefined;
}
