import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { inspect } from "node:util";
import {
  formatKey,
  KeyError,
  KeyFileError,
  KeyPair,
  parseKey,
  readKeyFile,
  writeKeyFile,
} from "../../driver/security/index.js";

describe("keys", () => {
  it("agree as in RFC 7748 §6.1", () => {
    const pair = (hex: string) => KeyPair.fromPrivate(Buffer.from(hex, "hex"));
    const alice = pair("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const bob = pair("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("hex");
    assert.equal(hex(alice.publicKey), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    assert.equal(hex(bob.publicKey), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    assert.equal(hex(alice.agree(bob.publicKey)), shared);
    assert.equal(hex(bob.agree(alice.publicKey)), shared);
    assert.throws(() => pair("7707"), KeyError);
  });

  it("are written as 44 characters and read again", () => {
    const { publicKey } = KeyPair.generate();
    assert.match(formatKey(publicKey), /^[A-Za-z0-9+/]{43}=$/);
    assert.deepEqual(parseKey(formatKey(publicKey)), Buffer.from(publicKey));
  });

  it("are refused when they are none, without being repeated", () => {
    const secret = formatKey(KeyPair.generate().publicKey);
    for (const text of [
      "",
      "no key",
      secret.slice(1),
      `${secret}\n`,
      ` ${secret}`,
      secret.replace("=", ""),
    ]) {
      assert.throws(
        () => parseKey(text),
        (error) => error instanceof KeyError && !error.message.includes(secret.slice(5, 20)),
      );
    }
  });

  it("do not show when a pair is printed", () => {
    const pair = KeyPair.generate();
    const secret = pair.privateBytes();
    const shown = inspect(pair, { depth: 9, showHidden: true }) + JSON.stringify(pair);
    assert.ok(!shown.includes(secret.toString("hex")) && !shown.includes(formatKey(secret)));
  });
});

describe("key files", () => {
  const folder = mkdtempSync(join(tmpdir(), "keys-"));
  const path = join(folder, "key");
  after(() => rmSync(folder, { recursive: true }));
  const fails = (body: () => unknown, code: string, message: RegExp) =>
    assert.throws(body, (error) => {
      assert.ok(error instanceof KeyFileError);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });

  it("are made for their owner only, and read again", () => {
    const pair = writeKeyFile(path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readKeyFile(path).publicKey, pair.publicKey);
  });

  it("are never overwritten", () => {
    const before = readFileSync(path, "utf8");
    fails(() => writeKeyFile(path), "exists", /there already/);
    assert.equal(readFileSync(path, "utf8"), before);
  });

  it("are refused when others may use them, with the command that mends it", () => {
    for (const mode of [0o640, 0o604, 0o620, 0o610]) {
      chmodSync(path, mode);
      fails(() => readKeyFile(path), "permissions", new RegExp(`chmod 600 ${path}`));
    }
    chmodSync(path, 0o400);
    assert.ok(readKeyFile(path).publicKey.length === 32);
    chmodSync(path, 0o600);
  });

  it("that are missing or hold no key are refused with what to do, and nothing of what is in them", () => {
    fails(() => readKeyFile(join(folder, "none")), "missing", /ovs-tpo keygen/);
    writeFileSync(path, "hush, a secret\n");
    fails(() => readKeyFile(path), "content", /no private key in .*ovs-tpo keygen/);
    assert.throws(
      () => readKeyFile(path),
      (error) => !inspect(error).includes("hush"),
    );
    fails(() => readKeyFile(folder), "system", /cannot read the key file/);
  });
});
