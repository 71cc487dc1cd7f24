// A pcap file of RTP for SIPp's play_pcap_audio.
import { writeFileSync } from 'node:fs';

const ETHERNET = 1;
const FRAME_MS = 20;
const RATE = 8000;

/** A sample of 16 bits as µ-law (ITU-T G.711). */
function ulaw(sample) {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32635) + 132;
  const exponent = Math.floor(Math.log2(magnitude)) - 7;
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

function rtp(number, hertz) {
  const samples = (RATE * FRAME_MS) / 1000;
  const packet = Buffer.alloc(12 + samples);
  packet[0] = 0x80;
  packet[1] = number === 0 ? 0x80 : 0;  // PCMU; the first one has the marker.
  packet.writeUInt16BE(number + 1, 2);
  packet.writeUInt32BE(samples * number, 4);
  packet.writeUInt32BE(0x5ca1ab1e, 8);
  for (let index = 0; index < samples; ++index) {
    packet[12 + index] = ulaw(Math.round(8000 * Math.sin((2 * Math.PI * hertz * (number * samples + index)) / RATE)));
  }
  return packet;
}

/** Ethernet, IPv4 and UDP around a payload; addresses and ports are those of the player, whatever stands here. */
function frame(payload) {
  const bytes = Buffer.alloc(42 + payload.length);
  bytes.writeUInt16BE(0x0800, 12);
  bytes[14] = 0x45;
  bytes.writeUInt16BE(28 + payload.length, 16);
  bytes[22] = 64;
  bytes[23] = 17;
  Buffer.from([127, 0, 0, 1, 127, 0, 0, 1]).copy(bytes, 26);
  bytes.writeUInt16BE(6000, 34);
  bytes.writeUInt16BE(6000, 36);
  bytes.writeUInt16BE(8 + payload.length, 38);
  payload.copy(bytes, 42);
  return bytes;
}

/** Writes PCMU with a tone, a packet each 20 ms; `keep` says which numbers are there. Gives how many there are. */
export function writeTone(file, hertz, seconds, keep = () => true) {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(ETHERNET, 20);
  const parts = [header];
  for (let number = 0; number < (seconds * 1000) / FRAME_MS; ++number) {
    if (keep(number)) {
      const data = frame(rtp(number, hertz));
      const record = Buffer.alloc(16);
      record.writeUInt32LE(1 + Math.floor((number * FRAME_MS) / 1000), 0);
      record.writeUInt32LE(((number * FRAME_MS) % 1000) * 1000, 4);
      record.writeUInt32LE(data.length, 8);
      record.writeUInt32LE(data.length, 12);
      parts.push(record, data);
    }
  }
  writeFileSync(file, Buffer.concat(parts));
  return (parts.length - 1) / 2;
}
