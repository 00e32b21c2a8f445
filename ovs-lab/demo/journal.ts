import { type Random, seededRandom } from "../wan/random.js";

/**
 * A journal as a busy server writes it: requests of many visitors, and between them what its services have to say.
 * It compresses as such text does. Every byte follows from the seed.
 */
const CHUNK_LINES = 2_000;
const FIRST_TIME = Date.UTC(2026, 0, 5, 6, 0, 0);
const VISITORS = 4_000;

const paths = [
  "/",
  "/login",
  "/search",
  "/cart",
  "/checkout",
  "/help/shipping",
  "/help/returns",
  "/news/archive",
  "/products/winter-coat",
  "/products/rain-jacket",
  "/products/walking-boots",
  "/products/tent-for-two",
  "/assets/site.css",
  "/assets/site.js",
  "/assets/logo.svg",
  "/api/v2/orders",
  "/api/v2/customers",
  "/api/v2/stock",
] as const;
const agents = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
  "curl/8.14.1",
] as const;
const services = ["orders", "stock", "payments", "mailer", "search-index"] as const;
const events = [
  (random: Random) =>
    `order ${whole(random, 1e7)} accepted, ${1 + whole(random, 9)} items, total ${price(random)}`,
  (random: Random) => `stock of article ${whole(random, 5e4)} is down to ${whole(random, 20)}, ordering more`,
  (random: Random) => `payment ${hex(random)} settled after ${whole(random, 900)} ms`,
  (random: Random) =>
    `query took ${whole(random, 400)} ms, longer than the 100 ms allowed, plan ${hex(random)}`,
  (random: Random) => `retrying connection to the store of sessions, attempt ${1 + whole(random, 5)}`,
] as const;

/** Gives some thousand lines after the other, without end. */
export function* journalLines(seed: number): Generator<Buffer, never> {
  const random = seededRandom(seed);
  const visitors = Array.from({ length: VISITORS }, () => [
    `${11 + whole(random, 200)}.${whole(random, 256)}.${whole(random, 256)}.${whole(random, 256)}`,
    pick(random, agents),
  ]);
  let time = FIRST_TIME;
  for (;;) {
    let text = "";
    for (let line = 0; line < CHUNK_LINES; line++) {
      time += whole(random, 12);
      text += random() < 0.8 ? request(random, time, pick(random, visitors)) : event(random, time);
    }
    yield Buffer.from(text, "latin1");
  }
}

function request(random: Random, time: number, [address, agent]: readonly string[]): string {
  const path = pick(random, paths);
  const query = random() < 0.3 ? `?id=${whole(random, 1e6)}` : "";
  const method = path.startsWith("/api") && random() < 0.4 ? "POST" : "GET";
  const status = random() < 0.93 ? 200 : pick(random, [301, 304, 404, 500]);
  const size = 200 + whole(random, 60_000);
  return `${address} - - [${stamp(time)}] "${method} ${path}${query} HTTP/1.1" ${status} ${size} "-" "${agent}" ${hex(random)}\n`;
}

function event(random: Random, time: number): string {
  const level = random() < 0.9 ? "info" : "warning";
  return `${stamp(time)} ${pick(random, services)}[${1000 + whole(random, 40)}]: ${level}: ${pick(random, events)(random)}\n`;
}

/** `toISOString` without its cost: most lines share their second with the one before. */
let stamped = { second: -1, text: "" };
function stamp(time: number): string {
  const second = Math.floor(time / 1000);
  if (second !== stamped.second)
    stamped = { second, text: new Date(second * 1000).toISOString().slice(0, 19) };
  return `${stamped.text}.${`${time % 1000}`.padStart(3, "0")}Z`;
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[whole(random, choices.length)]!;
}

function whole(random: Random, below: number): number {
  return Math.floor(random() * below);
}

function hex(random: Random): string {
  return whole(random, 2 ** 32)
    .toString(16)
    .padStart(8, "0");
}

function price(random: Random): string {
  return (1 + random() * 400).toFixed(2);
}
