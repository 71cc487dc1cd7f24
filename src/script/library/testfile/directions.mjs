// Directions of media, from our point of view.

export const DIRECTIONS = ['inactive', 'sendonly', 'recvonly', 'sendrecv'];

const MIRRORED = { sendonly: 'recvonly', recvonly: 'sendonly' };

/** What the peer calls sendonly is recvonly for us. */
export const mirrored = (direction) => MIRRORED[direction] ?? direction;

/** What flows when we want one and the peer allows the other, both from our point of view. */
export const flowing = (local, remote) => DIRECTIONS[DIRECTIONS.indexOf(local) & DIRECTIONS.indexOf(remote)] ?? 'inactive';
