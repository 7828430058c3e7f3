// Follows a device: node live.mjs API TOKEN DEVICE. Needs Node.js 22 or newer, or a browser. Prints each reading once, whatever happens
// to the connection: after a gap, and whenever it connects again, it reads over HTTP what it may have missed.
const [api, token, device] = process.argv.slice(2), seen = new Set();
let last = Date.now();
async function ask(method, path) {
  const answer = await fetch(api + path, { method, headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer.json();
}
function show({ sensor, at, value, unit }) {
  if (!seen.has(sensor + at)) console.log(at, sensor, value, unit);
  seen.add(sensor + at);
  last = Math.max(last, Date.parse(at));
}
async function catchUp() {
  // A late reading is older than the newest one: look a minute back.
  const path = `/devices/${device}/readings?from=${new Date(last - 60_000).toISOString()}`;
  for (let page = { next: "" }; page.next !== undefined; page.items.forEach(show))
    page = await ask("GET", path + (page.next && `&next=${encodeURIComponent(page.next)}`));
}
async function connect() {
  const socket = new WebSocket((await ask("POST", "/live/tickets")).url);
  const missed = () => catchUp().catch(() => socket.close());
  const hear = { reading: show, snapshot: missed, gap: missed, error: console.error };
  socket.onopen = () => socket.send(JSON.stringify({ action: "subscribe", topics: [`device/${device}`] }));
  socket.onmessage = ({ data }) => JSON.parse(data).messages.forEach((message) => hear[message.type]?.(message));
  socket.onclose = () => setTimeout(start, 1_000);
}
const start = () => connect().catch((error) => console.error(error.message) ?? setTimeout(start, 1_000));
start();
