// Rings one phone and connects it to another: node click-to-dial.js sip:alice@127.0.0.1 sip:bob@127.0.0.1
// The Call API is at $CALL_API. Node 22 brings WebSocket with it; before, run `npm install ws` once.
const WebSocketClient = globalThis.WebSocket ?? require('ws');

const [caller, callee] = process.argv.slice(2);
if (!callee) {
  console.error('usage: node click-to-dial.js CALLER CALLEE');
  process.exit(2);
}

const socket = new WebSocketClient(process.env.CALL_API ?? 'ws://127.0.0.1:5059/call-api');
socket.onerror = () => {
  console.error('no connection with the Call API: is `callwright serve` running?');
  process.exitCode = 3;
};
socket.onopen = () => socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'CallStart', params: { caller, callee } }));
socket.onmessage = ({ data }) => {
  const { error, result, params } = JSON.parse(data);
  if (error) {
    console.error(`refused: ${error.message}`);
    process.exitCode = 1;
    socket.close();
    return;
  }
  const { event, data: details } = result ?? params;
  console.log(event, details ?? '');
  if (event === 'Error') process.exitCode = 1;
  if (event === 'Ended') socket.close();
};
