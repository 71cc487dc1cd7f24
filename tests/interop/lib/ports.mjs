// Ports for peers that have to be told which one to take. They lie below those that the kernel gives to whoever asks for any port, so that no socket of
// another program comes in between, and each is given to one test at a time on this machine.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';

const HOST = '127.0.0.1';
/** Another address of loopback: who listens at a port there has reserved it here. */
const RESERVATIONS = '127.0.0.2';
const FIRST = 10_000;
/** A peer may take the ones above as well: TLS, RTCP, a second stream. */
const STEP = 4;
const COUNT = 2_000;

/** A TCP server on that port; undefined when it is taken. */
async function listen(port, host) {
  const server = net.createServer();
  const listening = new Promise((resolve, reject) => {
    server.once('listening', () => resolve(server));
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
  });
  server.listen({ port, host, exclusive: true });
  return listening;
}

async function isFreeForTcp(port) {
  const server = await listen(port, HOST);
  if (server) {
    server.close();
    await once(server, 'close');
  }
  return server !== undefined;
}

async function isFreeForUdp(port) {
  const socket = createSocket('udp4');
  const free = new Promise((resolve, reject) => {
    socket.once('listening', () => resolve(true));
    socket.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
  });
  socket.bind({ port, address: HOST, exclusive: true });
  const result = await free;
  socket.close();
  return result;
}

/** A port of 127.0.0.1 that nobody uses, for UDP and TCP, and that no other test is given as long as this process lives; nor the three above it. */
export async function freePort() {
  const begin = Math.floor(Math.random() * COUNT);
  for (let tried = 0; tried < COUNT; tried += 1) {
    const port = FIRST + STEP * ((begin + tried) % COUNT);
    const reservation = await listen(port, RESERVATIONS);
    if (!reservation) {
      continue;
    }
    reservation.unref();
    const free = await Promise.all([0, 1, 2].flatMap((above) => [isFreeForUdp(port + above), isFreeForTcp(port + above)]));
    if (free.every(Boolean)) {
      return port;
    }
    reservation.close();
  }
  throw new Error(`no port is free from ${FIRST} on`);
}
