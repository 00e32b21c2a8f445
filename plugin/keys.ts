import type { SecurityOptions } from "../driver/index.js";
import { formatKey, type KeyPair, readKeyFile } from "../driver/security/index.js";
import type { Config, PeerConfig } from "./config/index.js";

/** A peer has our own public key in the configuration. */
export class OwnKeyError extends Error {
  override readonly name = "OwnKeyError";
  readonly code = "OWN_KEY";
}

/** This site's keys; undefined if none are needed. @throws KeyFileError; OwnKeyError */
export function readKeys({ keyFile, peers }: Config): KeyPair | undefined {
  if (keyFile === undefined) return undefined;
  const pair = readKeyFile(keyFile);
  for (const { name, publicKey } of peers.values()) {
    if (publicKey === undefined || Buffer.compare(publicKey, pair.publicKey) !== 0) continue;
    throw new OwnKeyError(
      `peers.${name}.public_key is ${formatKey(publicKey)}, which belongs to ${keyFile}, this site's own; give what \`ovs-tpo pubkey FILE\` prints at ${name}`,
    );
  }
  return pair;
}

/** How the session with a peer is protected. */
export function securityTowards({ publicKey }: PeerConfig, keys: KeyPair | undefined): SecurityOptions {
  if (publicKey === undefined || keys === undefined) return "off";
  return { privateKey: keys.privateBytes(), peerKey: publicKey };
}
