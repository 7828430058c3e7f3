// Follows a device: node live.mjs API TOKEN DEVICE. Needs Node.js 22 or newer, or a browser. Prints each reading once, whatever happens
// to the connection: after a gap, and whenever it connects again, it reads over HTTP what it may have missed.
const [api, token, device] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };
const seen = new Set();
let last = new Date(Date.now() - 60_000).toISOString();

function show({ sensor, at, value, unit }) {
  if (seen.has(sensor + at)) return;
  seen.add(sensor + at);
  if (at > last) last = at;
  console.log(at, sensor, value, unit);
}

async function ask(method, path) {
  const answer = await fetch(api + path, { method, headers });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer.json();
}

async function catchUp() {
  // A late reading is older than the newest one: look a minute back.
  let path = `/devices/${device}/readings?from=${new Date(Date.parse(last) - 60_000).toISOString()}`;
  for (let next = ""; next !== undefined; ) {
    const page = await ask("GET", path + (next && `&next=${encodeURIComponent(next)}`));
    page.items.forEach(show);
    next = page.next;
  }
}

async function connect() {
  const socket = new WebSocket((await ask("POST", "/live/tickets")).url);
  socket.onopen = () => socket.send(JSON.stringify({ action: "subscribe", topics: [`device/${device}`] }));
  socket.onmessage = ({ data }) => {
    for (const message of JSON.parse(data).messages) {
      if (message.type === "reading") show(message);
      if (message.type === "snapshot" || message.type === "gap") catchUp();
      if (message.type === "error") console.error(message.kind, message.detail);
    }
  };
  const ping = setInterval(() => socket.readyState === 1 && socket.send('{"action":"ping"}'), 300_000);
  // The token is valid for a quarter of an hour; a page that stays open gets a new one and a ticket for `renew` before that.
  socket.onclose = () => (clearInterval(ping), setTimeout(connect, 1_000));
}

connect();
