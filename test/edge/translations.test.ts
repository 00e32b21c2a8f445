import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { MessageAddresses } from "../../driver/index.js";
import { addressBytes, addressText } from "../../driver/ip-address.js";
import { type Translated, Translations } from "../../plugin/edge/tcp/index.js";

const OWN = "10.1.0.2";
const LISTEN = 4755;
const LINGER = 45_000;

function site() {
  const clock = { now: 0 };
  const gone: Translated[] = [];
  const translations = new Translations({
    address: (length) => (length === 4 ? addressBytes(OWN) : undefined),
    listenPort: LISTEN,
    linger: LINGER,
    now: () => clock.now,
    gone: (translated) => gone.push(translated),
  });
  return { translations, clock, gone };
}

function ends(from: string, to: string): MessageAddresses {
  const [source, sourcePort] = from.split(" ");
  const [destination, destinationPort] = to.split(" ");
  return {
    source: addressBytes(source!),
    sourcePort: Number(sourcePort),
    destination: addressBytes(destination!),
    destinationPort: Number(destinationPort),
  };
}

function text({ source, sourcePort, destination, destinationPort }: MessageAddresses): string {
  return `${addressText(source)} ${sourcePort} > ${addressText(destination)} ${destinationPort}`;
}

const bindsAll = () => undefined;

test("a client keeps its address and port at the edge, and is known by them", () => {
  const { translations } = site();
  const { inside } = translations.arrive(ends("10.1.0.11 40000", "10.2.0.11 80"))!;
  assert.equal(text(inside), "10.1.0.11 40000 > 10.1.0.2 4755");
  assert.equal(text(translations.accepted(inside)!.outside), "10.1.0.11 40000 > 10.2.0.11 80");
});

test("its connections to several servers from one port get a port each", () => {
  const { translations } = site();
  const servers = ["10.2.0.11 80", "10.2.0.12 80", "10.2.0.11 443"];
  const inside = servers.map((server) => translations.arrive(ends("10.1.0.11 65535", server))!.inside);
  assert.deepEqual(
    inside.map(({ sourcePort }) => sourcePort),
    [65_535, 1, 2],
  );
  for (const [i, server] of servers.entries())
    assert.equal(text(translations.accepted(inside[i]!)!.outside), `10.1.0.11 65535 > ${server}`);
});

test("nobody is accepted who has not been told of, nor anybody twice", () => {
  const { translations } = site();
  const { inside } = translations.arrive(ends("10.1.0.11 40000", "10.2.0.11 80"))!;
  assert.equal(translations.accepted(ends("10.1.0.11 40001", "10.1.0.2 4755")), undefined);
  assert.equal(translations.accepted(ends("10.1.0.12 40000", "10.1.0.2 4755")), undefined);
  assert.ok(translations.accepted(inside));
  assert.equal(translations.accepted(inside), undefined);
});

test("a SYN that comes again finds what it had; after its end it may come again, and then is forgotten in time", () => {
  const { translations, clock, gone } = site();
  const client = ends("10.1.0.11 40000", "10.2.0.11 80");
  const translated = translations.arrive(client)!;
  assert.equal(translations.arrive(client), translated);
  translations.accepted(translated.inside);
  translations.ended(translated);
  assert.equal(translations.arrive(client), translated);
  assert.ok(translations.accepted(translated.inside));
  translations.ended(translated);
  clock.now += LINGER;
  translations.sweep();
  assert.deepEqual(gone, []);
  clock.now++;
  translations.sweep();
  assert.deepEqual([gone, translations.size], [[translated], 0]);
});

test("a client that does not come is forgotten, and so many at most are waited for", () => {
  const { translations, clock, gone } = site();
  for (let port = 1; port <= 4096; port++)
    assert.ok(translations.arrive(ends(`10.1.0.11 ${port}`, "10.2.0.11 80")));
  assert.equal(translations.arrive(ends("10.1.0.12 1", "10.2.0.11 80")), undefined);
  clock.now = 10_001;
  translations.sweep();
  assert.equal(gone.length, 4096);
  assert.ok(translations.arrive(ends("10.1.0.12 1", "10.2.0.11 80")));
});

test("what is opened in a client's name has a port of the edge's own, which is free", () => {
  const { translations } = site();
  const taken = (_address: Uint8Array, port: number) => {
    if (port === 16_384) throw Object.assign(new Error("taken"), { code: "EADDRINUSE" });
  };
  const first = translations.depart(ends("10.2.0.11 50000", "10.1.0.99 80"), taken)!;
  assert.equal(text(first.outside), "10.1.0.99 80 > 10.2.0.11 50000");
  assert.equal(text(first.inside), "10.1.0.99 80 > 10.1.0.2 16385");
  assert.equal(
    translations.depart(ends("10.2.0.11 50000", "10.1.0.99 80"), bindsAll),
    undefined,
    "it is open",
  );
  translations.ended(first);
  const again = translations.depart(ends("10.2.0.11 50000", "10.1.0.99 80"), bindsAll)!;
  assert.equal(again.inside.destinationPort, 16_386);
});

test("of any connections, no two have the same ends at the edge, and each has its own on the LAN", () => {
  const endpoint = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(endpoint, endpoint, fc.constantFrom("arrive", "depart")), { maxLength: 60 }),
      (connections) => {
        const { translations } = site();
        const seen = new Map<string, string>();
        for (const [[host, port], [server, serverPort], how] of connections) {
          const client = ends(`10.1.0.${host + 10} ${port}`, `10.2.0.${server} ${serverPort}`);
          const translated =
            how === "arrive" ? translations.arrive(client) : translations.depart(client, bindsAll);
          if (translated === undefined) continue;
          const [inside, outside] = [text(translated.inside), text(translated.outside)];
          assert.equal(seen.get(inside) ?? outside, outside);
          seen.set(inside, outside);
        }
        assert.equal(new Set(seen.values()).size, seen.size);
      },
    ),
  );
});
